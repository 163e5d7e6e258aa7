"""Walks of real people through real browsers: Playwright drives Debian's Chromium.

- ``python -m pytest tests/browser`` walks before an emulator and before a real Kratos, each with a site under gunicorn
  and one under uvicorn. With ``-n 2 --dist loadgroup`` each of the two has a process of its own.
- Needed: ``pip install playwright`` (its library only: no browser is downloaded), Debian's ``chromium`` for the walk
  with a blocked popup and ``chromium-headless-shell`` for the others, which it walks in a third of the time (one
  of them is enough, or the path of another in ``CHROMIUM``), npm for axe-core and htmx, and for one half Go or
  ``KRATOS_BIN``. What is missing is skipped with its reason;
  ``REQUIRE_BROWSER=1`` (and ``REQUIRE_KRATOS=1``) makes that a failure.
- A walk that fails leaves a screenshot and the HTML of every page that it had open, and the logs of the servers, in
  ``test-artifacts/`` (or ``BROWSER_ARTIFACTS``); the report of the failure says where. ``BROWSER_KEEP=1`` keeps them of
  walks that succeed as well, and ``SCREENSHOTS=folder`` keeps all of them in that folder.
- ``servers.py`` starts what a walk walks on, ``walker.py`` is the person in front of the browser, ``site/`` the site:
  the example project with a few pages more.
"""
