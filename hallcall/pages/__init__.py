"""What `hallcall docs` writes, a module a page: from the code that runs, so that no page can be wrong for long."""
