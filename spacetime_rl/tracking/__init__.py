"""Record runs in MLflow: a sweep is a parent run, and its trials are child runs.

Only this package imports `mlflow`, and only inside functions, because the import is slow.
"""
