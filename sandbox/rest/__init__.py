"""The REST operations; importing the package fills the table in `call`."""

from sandbox.rest import comments, issues, jql, links, metadata, people, properties, search

ROOMS = (comments, issues, jql, links, metadata, people, properties, search)
