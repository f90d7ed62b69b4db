"""What the tests on real parts run, pinned here and nowhere else. A version's folder in the cache bears its name."""

MINIO = "v0.0.0-20260212201848-7aac2a2c5b7c"
MINIO_IMAGE = "minio/minio:RELEASE.2025-09-07T16-13-09Z"
TOXIPROXY = "v2.12.0"
KAFKA = "4.3.1"
KAFKA_IMAGE = "apache/kafka:4.3.1"
LOG4J = "2.25.3"
