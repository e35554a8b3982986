// Stands in for Atlassian's bridge: answers what our pages ask and notes it in window.bridgeCalls.
// The address decides: ?as=<scenario> goes into every token, ?loc= and ?theme= are what Jira would say.
{
  const query = new URLSearchParams(location.search);
  const session = Math.random().toString(36).slice(2);
  let tokens = 0;
  window.bridgeSession = session;
  window.bridgeCalls = [];
  const note =
    (name) =>
    (...values) =>
      window.bridgeCalls.push([name, ...values]);
  const AP = {
    context: { getToken: (done) => setTimeout(done, 0, `${query.get("as") ?? "full"}.${session}.${tokens++}`) },
    user: { getLocale: (done) => setTimeout(done, 0, query.get("loc") ?? "en_US") },
    theming: {
      initializeTheming: () => {
        document.documentElement.dataset.colorMode = query.get("theme") ?? "light";
      },
    },
    flag: { create: note("flag") },
    jira: { refreshIssuePage: note("refreshIssuePage") },
    navigator: { reload: note("reload") },
    resize: note("resize"),
  };
  setTimeout(
    () => {
      window.AP = AP;
    },
    Number(query.get("late") ?? 0),
  );
}
