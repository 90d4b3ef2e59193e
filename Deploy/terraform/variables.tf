variable "name" {
  description = "The beginning of all names."
  type        = string
  default     = "amiwatch"
}

variable "organization_id" {
  description = "Your AWS organization (o-…): its accounts may send to the event bus."
  type        = string
}

variable "is_organization_trail" {
  description = "Whether the trail records all accounts of the organization; needs its management account or a delegated administrator."
  type        = bool
  default     = true
}

variable "cluster_name" {
  description = "The MSK cluster that amiwatch reads from. Its IAM log-in must be on (port 9098); MSK Connect uses it."
  type        = string
}

variable "topic" {
  description = "amiwatch's input topic; `amiwatch topics --create` makes it."
  type        = string
  default     = "cloudtrail"
}

variable "subnet_ids" {
  description = "Where MSK Connect runs: private subnets of the cluster's VPC with a way to SQS (a NAT gateway or an endpoint)."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups that the brokers let in at port 9098."
  type        = list(string)
}

variable "plugin_bucket" {
  description = "The bucket with camel-aws-sqs-source-kafka-connector of Apache Camel, packed as one zip file."
  type        = string
}

variable "plugin_key" {
  description = "The zip file's key in it."
  type        = string
  default     = "camel-aws-sqs-source-kafka-connector.zip"
}

variable "queue_retention_days" {
  description = "How long records wait in SQS while Kafka or the connector is away, 1 to 14."
  type        = number
  default     = 14
}

variable "log_retention_days" {
  description = "How long the trail's files are kept in S3."
  type        = number
  default     = 400
}
