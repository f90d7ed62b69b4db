"""What the tests on real parts run, pinned here and nowhere else. A version's folder in the cache bears its name."""

MINIO = "v0.0.0-20260212201848-7aac2a2c5b7c"
MINIO_IMAGE = "minio/minio:RELEASE.2025-09-07T16-13-09Z"
TOXIPROXY = "v2.12.0"
KAFKA = "4.3.1"
KAFKA_IMAGE = "apache/kafka:4.3.1"
LOG4J = "2.25.3"
SEAWEEDFS = "4.48"

# The chart's tools. Those that have a go.mod of their own in tests/real/go have their version there too.
HELM = "v3.21.4"
HELM_UNITTEST = "v1.1.2"
HELM_DOCS = "v1.14.2"
KUBECONFORM = "v0.8.0"
PROMTOOL = "v0.313.5"

# Where the definitions of kinds come from that manifests are held against.
KUBERNETES = "v1.34.4"
KEDA = "v2.21.0"
PROMETHEUS_OPERATOR = "v0.85.0"
GATEWAY_API = "v1.4.1"
STRIMZI = "0.51.0"
STRIMZI_GENERATOR = "0.45.0"  # the last that runs on Java 17

# In the cluster of `make test-cluster`, beside these; Prometheus is of promtool's version.
COREDNS = "v1.14.6"
# The last with a client that a Docker of Debian's age still understands (API 1.41).
COMPOSE = "v2.40.3"
