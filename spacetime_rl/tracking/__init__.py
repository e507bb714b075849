"""MLflow: a sweep is a parent run, a trial is its child. The only home of `mlflow`, which is imported late."""
