# The records themselves, within seconds: EventBridge has every management event of CloudTrail, and puts those of the
# services that amiwatch watches into a queue. Each account and Region sends its own to this bus: see forwarding below.

resource "aws_cloudwatch_event_bus" "records" {
  name = var.name
}

resource "aws_cloudwatch_event_bus_policy" "records" {
  event_bus_name = aws_cloudwatch_event_bus.records.name
  policy         = data.aws_iam_policy_document.bus.json
}

data "aws_iam_policy_document" "bus" {
  statement {
    sid       = "Organization"
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.records.arn]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = [var.organization_id]
    }
  }
}

locals {
  # What amiwatch reads, and nothing else: Sources/CloudTrail/Calls.
  pattern = jsonencode({
    source      = [for service in local.services : "aws.${service}"]
    detail-type = ["AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"]
  })
  services = ["ec2", "autoscaling", "cloudtrail", "organizations"]
}

# Applied in each account and Region (with a StackSet, say), this sends the records of that place to the bus. ENABLED_WITH_ALL
# brings the calls that only read as well, which image-lookup-without-owner needs.
resource "aws_cloudwatch_event_rule" "forward" {
  name          = "${var.name}-forward"
  description   = "CloudTrail's records of ${join(", ", local.services)} to amiwatch"
  event_pattern = local.pattern
  state         = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
}

resource "aws_cloudwatch_event_target" "forward" {
  rule     = aws_cloudwatch_event_rule.forward.name
  arn      = aws_cloudwatch_event_bus.records.arn
  role_arn = aws_iam_role.forward.arn
  dead_letter_config {
    arn = aws_sqs_queue.lost.arn
  }
}

resource "aws_iam_role" "forward" {
  name               = "${var.name}-forward"
  assume_role_policy = data.aws_iam_policy_document.events_assume.json
}

data "aws_iam_policy_document" "events_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role_policy" "forward" {
  name   = "put"
  role   = aws_iam_role.forward.id
  policy = data.aws_iam_policy_document.forward.json
}

data "aws_iam_policy_document" "forward" {
  statement {
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.records.arn]
  }
}

resource "aws_cloudwatch_event_rule" "queue" {
  name           = "${var.name}-queue"
  description    = "All records on the bus to the queue"
  event_bus_name = aws_cloudwatch_event_bus.records.name
  event_pattern  = local.pattern
  state          = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
}

resource "aws_cloudwatch_event_target" "queue" {
  rule           = aws_cloudwatch_event_rule.queue.name
  event_bus_name = aws_cloudwatch_event_bus.records.name
  arn            = aws_sqs_queue.records.arn
  dead_letter_config {
    arn = aws_sqs_queue.lost.arn
  }
}

resource "aws_sqs_queue" "records" {
  name                       = "${var.name}-records"
  kms_master_key_id          = aws_kms_key.trail.arn
  message_retention_seconds  = var.queue_retention_days * 86400
  visibility_timeout_seconds = 120
  receive_wait_time_seconds  = 20
}

# What EventBridge could not deliver: an alarm on its length is worth having.
resource "aws_sqs_queue" "lost" {
  name                      = "${var.name}-lost"
  kms_master_key_id         = aws_kms_key.trail.arn
  message_retention_seconds = 14 * 86400
}

resource "aws_sqs_queue_policy" "records" {
  for_each  = { records = aws_sqs_queue.records, lost = aws_sqs_queue.lost }
  queue_url = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "EventBridge"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = each.value.arn
      Condition = { ArnEquals = { "aws:SourceArn" = [aws_cloudwatch_event_rule.queue.arn, aws_cloudwatch_event_rule.forward.arn] } }
    }]
  })
}
