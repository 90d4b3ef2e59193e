output "event_bus_arn" {
  description = "Where the rules of other accounts and Regions send their records."
  value       = aws_cloudwatch_event_bus.records.arn
}

output "trail_bucket" {
  description = "For `amiwatch verify` and `amiwatch replay`."
  value       = aws_s3_bucket.trail.id
}

output "lost_queue_url" {
  description = "What EventBridge could not deliver."
  value       = aws_sqs_queue.lost.id
}
