import CloudTrail

/// An image, or an instance's disk, written to S3: there it has left EC2 and its guardrails.
///
/// Whose account the bucket is in no call says, and a member's bucket may be open to everybody: so the policy trusts
/// buckets, by their names, which no two accounts can both have.
struct AMIExported: Rule {
    let metadata = RuleMetadata(
        id: "ami-exported",
        title: "Image exported to S3",
        kind: .event,
        severity: .high,
        events: ["CreateInstanceExportTask", "CreateStoreImageTask", "ExportImage"],
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-store-restore.html"],
        attack: ["T1537"]
    )

    let subjects = [Subject.Kind.exportedImage, .exportedInstance]

    let triggers: [Trigger] = [
        .on(.imageExports, .subject(.exportedImage)), .on(.instanceExports, .subject(.exportedInstance)),
    ]

    let ownFacts = [
        CallFacts(fieldsOf: .createStoreImageTask, tellExport),
        CallFacts(fieldsOf: .exportImage, tellExport),
        CallFacts(fieldsOf: .createInstanceExportTask, tellExport),
    ]

    @Sendable
    private static func tellExport(_ fields: Fields, _ told: inout RecordFacts) {
        guard let bucket = fields.text("bucket"), let id = fields.id("image") ?? fields.id("instance") else {
            return
        }
        let attribute: Attribute = fields["image"] == nil ? .instanceExports : .imageExports
        told.add(FactKey(attribute, .resource(told.scope, id), .text(bucket)), .fields(fields))
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let id = subject.id, let bucket = subject.name else { return nil }
        let isImage = subject.kind == .exportedImage
        let isTrusted = context.policy.trust.buckets.contains { $0.matches(bucket.string) }
        let severity: Severity = isTrusted ? .medium : .high
        var judgement = Judgement()
        let attribute: Attribute = isImage ? .imageExports : .instanceExports
        for fact in context.facts.all(of: FactKey(attribute, .resource(subject.scope, id), subject.qualifier))
        {
            let object = fact.value.fields?.text("object")?.string ?? ""
            judgement.occur(fact.evidence, severity) {
                Judgement.Reason(
                    severity: severity,
                    facts: [FactStatement("exported to", "s3://\(bucket)/\(object)", fact)],
                    clause: isTrusted ? nil : "trust.buckets",
                    remediation: [.lookup(fact.evidence, region: subject.scope.region)],
                    message:
                        "\(isImage ? "Image" : "The disk of instance") \(id) was exported to bucket \(bucket)"
                        + (isTrusted ? "." : ", which the policy does not trust.")
                )
            }
        }
        return judgement
    }
}

extension Attribute {
    fileprivate static let imageExports = Attribute(0x1000, lifetime: .occurrence)
    fileprivate static let instanceExports = Attribute(0x1001, lifetime: .occurrence)
}

extension Subject.Kind {
    fileprivate static let exportedImage = Subject.Kind(0x1000, .image, hasDiscriminator: true)
    fileprivate static let exportedInstance = Subject.Kind(0x1001, .instance, hasDiscriminator: true)
}
