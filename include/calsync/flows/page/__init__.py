"""What the page shows: each screen has a module whose functions read the store and return frozen records.

Nothing here knows of Airflow, words or HTML: texts are the templates' matter. No service is called while a page is
built.
"""
