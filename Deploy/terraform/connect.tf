# From the queue into Kafka: MSK Connect with Apache Camel's source for SQS. A message is deleted from the queue when Kafka has
# it, so none is lost; one that comes twice changes nothing in amiwatch.

data "aws_msk_cluster" "cluster" {
  cluster_name = var.cluster_name
}

data "aws_s3_bucket" "plugins" {
  bucket = var.plugin_bucket
}

resource "aws_mskconnect_custom_plugin" "sqs" {
  name         = "${var.name}-sqs"
  content_type = "ZIP"
  location {
    s3 {
      bucket_arn = data.aws_s3_bucket.plugins.arn
      file_key   = var.plugin_key
    }
  }
}

resource "aws_cloudwatch_log_group" "connect" {
  name              = "/${var.name}/connect"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.trail.arn
}

resource "aws_mskconnect_connector" "records" {
  name                       = "${var.name}-records"
  kafkaconnect_version       = "3.7.x"
  service_execution_role_arn = aws_iam_role.connect.arn

  connector_configuration = {
    "connector.class"                                            = "org.apache.camel.kafkaconnector.awssqssource.CamelAwssqssourceSourceConnector"
    "tasks.max"                                                  = "1"
    "topics"                                                     = var.topic
    "camel.kamelet.aws-sqs-source.queueNameOrArn"                = aws_sqs_queue.records.name
    "camel.kamelet.aws-sqs-source.region"                        = local.region
    "camel.kamelet.aws-sqs-source.useDefaultCredentialsProvider" = "true"
    "camel.kamelet.aws-sqs-source.deleteAfterRead"               = "true"
    "camel.kamelet.aws-sqs-source.greedy"                        = "true"
    # The event as it came: amiwatch knows EventBridge's shape.
    "key.converter"   = "org.apache.kafka.connect.storage.StringConverter"
    "value.converter" = "org.apache.kafka.connect.storage.StringConverter"
  }

  capacity {
    autoscaling {
      mcu_count        = 1
      min_worker_count = 1
      max_worker_count = 2
      scale_in_policy {
        cpu_utilization_percentage = 20
      }
      scale_out_policy {
        cpu_utilization_percentage = 80
      }
    }
  }

  kafka_cluster {
    apache_kafka_cluster {
      bootstrap_servers = data.aws_msk_cluster.cluster.bootstrap_brokers_sasl_iam
      vpc {
        security_groups = var.security_group_ids
        subnets         = var.subnet_ids
      }
    }
  }
  kafka_cluster_client_authentication {
    authentication_type = "IAM"
  }
  kafka_cluster_encryption_in_transit {
    encryption_type = "TLS"
  }

  plugin {
    custom_plugin {
      arn      = aws_mskconnect_custom_plugin.sqs.arn
      revision = aws_mskconnect_custom_plugin.sqs.latest_revision
    }
  }

  log_delivery {
    worker_log_delivery {
      cloudwatch_logs {
        enabled   = true
        log_group = aws_cloudwatch_log_group.connect.name
      }
    }
  }
}

resource "aws_iam_role" "connect" {
  name = "${var.name}-connect"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "kafkaconnect.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "connect" {
  name   = "connect"
  role   = aws_iam_role.connect.id
  policy = data.aws_iam_policy_document.connect.json
}

locals {
  # arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/ID, of which topics and groups have names of their own.
  kafka = "${split(":cluster/", data.aws_msk_cluster.cluster.arn)[0]}:%s/${split(":cluster/", data.aws_msk_cluster.cluster.arn)[1]}"
}

data "aws_iam_policy_document" "connect" {
  statement {
    sid       = "Queue"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
    resources = [aws_sqs_queue.records.arn]
  }
  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.trail.arn]
  }
  statement {
    sid       = "Cluster"
    actions   = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"]
    resources = [data.aws_msk_cluster.cluster.arn]
  }
  statement {
    sid       = "Input"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"]
    resources = ["${format(local.kafka, "topic")}/${var.topic}"]
  }
  # MSK Connect keeps its own state in topics and groups with these names.
  statement {
    sid = "Connect"
    actions = [
      "kafka-cluster:CreateTopic", "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData", "kafka-cluster:WriteData",
    ]
    resources = ["${format(local.kafka, "topic")}/__amazon_msk_connect_*"]
  }
  statement {
    sid       = "Groups"
    actions   = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"]
    resources = ["${format(local.kafka, "group")}/__amazon_msk_connect_*", "${format(local.kafka, "group")}/connect-*"]
  }
}
