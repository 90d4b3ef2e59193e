/// The names of things in a made-up organisation, by kind.
enum Words {
    static let lists: [String: [String]] = [
        "bucket": crossed(
            ["acme-prod", "acme-stage", "acme-data", "acme-logs", "acme-backup", "acme-ml"],
            [
                "orders", "invoices", "events", "exports", "thumbnails", "audit", "terraform-state",
                "artifacts",
            ]
        ),
        "key": crossed(
            ["year=2026/month=03/", "incoming/", "processed/parquet/", "cache/v2/", "tenant/0042/"],
            [
                "part-00000", "manifest.json", "invoice.pdf", "snapshot.tar.zst", "index/_metadata",
                "report.csv",
            ]
        ),
        "role": [
            "ci-deployer", "eks-node", "web-frontend", "orders-api", "payments-worker", "data-pipeline",
            "auditor",
            "platform-admin", "image-builder", "backup", "terraform", "grafana", "security-scanner",
            "support",
        ],
        "user": [
            "ann.miller", "b.okafor", "c.lindqvist", "d.tanaka", "jenkins", "legacy-uploader", "e.novak",
        ],
        "table": crossed(
            ["orders", "carts", "sessions", "locks", "inventory"],
            ["-prod", "-stage", "-archive"]
        ),
        "function": crossed(
            ["orders", "billing", "search", "notify", "resize", "etl"],
            ["-handler", "-worker", "-authorizer", "-cron"]
        ),
        "queue": crossed(["orders", "billing", "email", "webhook"], ["-queue", "-dlq", "-fifo"]),
        "group": crossed(
            ["/aws/lambda/", "/ecs/", "/aws/eks/"],
            ["orders", "billing", "search", "web", "cluster"]
        ),
        "repository": ["web", "orders-api", "payments", "search", "base/python", "base/jdk21", "tools/ci"],
        "cluster": ["prod-eu", "prod-us", "stage", "batch", "ml"],
        "secret": ["prod/orders/db", "prod/payments/stripe", "stage/web/session", "prod/search/api-key"],
        "parameter": ["/prod/web/config", "/prod/orders/flags", "/stage/web/config", "/shared/golden-ami"],
        "stack": ["network", "orders-prod", "web-prod", "data-lake", "observability", "sandbox-7"],
        "database": ["orders-prod", "billing-prod", "reporting", "stage-shared"],
        "type": ["t3.micro", "t3.large", "m6i.large", "m7g.xlarge", "c6i.2xlarge", "r6g.large", "g5.xlarge"],
        "zone": ["a", "b", "c"],
        "metric": ["CPUUtilization", "Latency", "RequestCount", "QueueDepth", "Errors", "HealthyHostCount"],
        "policy": ["orders-read", "deploy", "ci-artifacts", "ReadOnlyAccess", "AmazonEKSWorkerNodePolicy"],
        "service": ["autoscaling", "ec2", "lambda", "ecs", "eks", "cloudformation", "config", "backup"],
        "tag": ["Team", "CostCenter", "Stage", "Owner", "Service", "ManagedBy"],
        "value": ["platform", "4711", "prod", "stage", "payments", "terraform", "web", "8150-EMEA"],
        "image": crossed(
            ["web", "base", "worker", "bastion"],
            ["-2026.03.01", "-2026.03.02", "-build-771"]
        ),
    ]

    static let regions = ["us-east-1", "eu-central-1", "eu-west-1", "us-west-2"]

    static let agents = [
        "aws-sdk-go-v2/1.36.3 os/linux lang/go#1.24.1 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.210.1 m/E,g",
        "Boto3/1.37.18 md/Botocore#1.37.18 ua/2.1 os/linux#6.1.128-136.201.amzn2023.x86_64 md/arch#x86_64"
            + " lang/python#3.12.9 md/pyimpl#CPython m/Z,b,D cfg/retry-mode#standard Botocore/1.37.18",
        "APN/1.0 HashiCorp/1.0 Terraform/1.11.2 (+https://www.terraform.io) terraform-provider-aws/5.91.0"
            + " (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.3 os/linux lang/go#1.23.5",
        "aws-cli/2.25.5 md/awscrt#0.23.8 ua/2.1 os/linux#6.8.0-1021-aws md/arch#x86_64 lang/python#3.12.9"
            + " md/pyimpl#CPython m/E,b cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#ec2.run",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
            + " Chrome/134.0.0.0 Safari/537.36",
        "kube-controller-manager/v1.31.6 (linux/amd64) kubernetes/aws-sdk-go/1.55.6 (go1.22.12; linux; amd64)",
        "aws-sdk-java/2.31.6 md/io#sync md/http#Apache ua/2.1 os/Linux#5.10.234 lang/java#21.0.6 md/OpenJDK",
        "amazon-ssm-agent/3.3.1957.0", "S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.780 Linux/5.10.234",
    ]

    private static func crossed(_ heads: [String], _ tails: [String]) -> [String] {
        tails.flatMap { tail in heads.map { $0 + tail } }
    }
}
