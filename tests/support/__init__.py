"""What tests share: toy games, made-up runs and policies, clusters, servers, whole commands."""
