internal import CloudTrail
internal import Detection

/// The AWS Security Finding Format
/// (https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html), as
/// `BatchImportFindings` takes it: with the limits of its fields, and as a finding of the default product of the account
/// that it is about.
///
/// A finding that is over, or never was one, is archived: nobody but Security Hub's users may change its workflow.
enum ASFFAlert {
    static func write(_ alert: CommonAlert, to json: inout JSONWriter) {
        let region = alert.homeRegion
        json.object { json in
            json.member("SchemaVersion", "2018-10-08")
            json.member("Id", alert.findingID)
            json.member(
                "ProductArn",
                "arn:\(alert.partition):securityhub:\(region):\(alert.account):product/\(alert.account)/default"
            )
            json.member("CompanyName", Product.name)
            json.member("ProductName", Product.name)
            json.member("GeneratorId", alert.rule.id)
            json.member("AwsAccountId", alert.account)
            json.member("CreatedAt", alert.firstSeen.description)
            json.member("UpdatedAt", EventTime.text(milliseconds: updated(alert)))
            json.member("FirstObservedAt", alert.firstSeen.description)
            json.member("LastObservedAt", alert.lastSeen.description)
            json.member("Title", alert.title.clipped(toBytes: 256))
            json.member("Description", alert.statement.clipped(toBytes: 1024))
            severity(alert, &json)
            json.known("Types", FindingType.all(alert))
            json.member("Confidence", alert.confidence)
            json.object("FindingProviderFields") { json in
                severity(alert, &json)
                json.known("Types", FindingType.all(alert))
                json.member("Confidence", alert.confidence)
            }
            json.member("RecordState", alert.isClosed ? "ARCHIVED" : "ACTIVE")
            remediation(alert, &json)
            json.array("Resources") { json in resource(alert, region, &json) }
            action(alert, &json)
            fields(alert, &json)
        }
    }

    /// Later with each alert of a finding, also of those that are told at once: Security Hub ignores an update that is not
    /// later than what it has.
    private static func updated(_ alert: CommonAlert) -> Int64 {
        alert.told + Int64(min(alert.revision ?? 0, 999))
    }

    private static func severity(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("Severity") { json in
            json.member("Label", alert.severity.rawValue.uppercased())
            json.member("Original", alert.severity.rawValue)
        }
    }

    private static func remediation(_ alert: CommonAlert, _ json: inout JSONWriter) {
        guard alert.commands != nil || !alert.rule.references.isEmpty else { return }
        json.object("Remediation") { json in
            json.object("Recommendation") { json in
                json.known("Text", alert.commands?.clipped(toBytes: 512))
                json.known("Url", alert.rule.references.first)
            }
        }
    }

    private static func resource(_ alert: CommonAlert, _ region: String, _ json: inout JSONWriter) {
        let (type, id) = identity(alert)
        json.object { json in
            json.member("Type", type)
            json.member("Id", id.clipped(toBytes: 512))
            json.member("Partition", alert.partition)
            json.member("Region", region)
            json.object("Details") { json in
                json.object("Other") { json in
                    json.field("Kind", alert.resource.kind.rawValue, limit: 1024)
                    json.field("Name", alert.resource.id, limit: 1024)
                    json.field("Discriminator", alert.discriminator, limit: 1024)
                }
            }
        }
    }

    /// Security Hub has no type for images and snapshots.
    private static func identity(_ alert: CommonAlert) -> (type: String, id: String) {
        switch alert.resource.kind {
        case .instance: ("AwsEc2Instance", alert.resource.uid)
        case .accountRegion, .account: ("AwsAccount", "AWS::::Account:\(alert.account)")
        case .launchTemplate where alert.resource.id.hasPrefix("lt-"):
            ("AwsEc2LaunchTemplate", alert.resource.uid)
        case .principal where alert.resource.id.contains(":user/"): ("AwsIamUser", alert.resource.uid)
        case .principal where alert.resource.id.contains(":role/"): ("AwsIamRole", alert.resource.uid)
        case .image, .snapshot, .launchTemplate, .policy, .principal: ("Other", alert.resource.uid)
        }
    }

    /// The call that decided; only an IPv4 address has a place there.
    private static func action(_ alert: CommonAlert, _ json: inout JSONWriter) {
        guard let name = alert.event.name else { return }
        json.object("Action") { json in
            json.member("ActionType", "AWS_API_CALL")
            json.object("AwsApiCallAction") { json in
                json.member("Api", name.clipped(toBytes: 128))
                json.known("ServiceName", alert.event.source?.clipped(toBytes: 128))
                if let address = alert.caller?.addressV4 {
                    json.member("CallerType", "remoteIp")
                    json.object("RemoteIpDetails") { $0.member("IpAddressV4", address) }
                } else if let host = alert.caller?.host {
                    json.member("CallerType", "domain")
                    json.object("DomainDetails") { $0.member("Domain", host.clipped(toBytes: 128)) }
                }
            }
        }
    }

    /// At most 50, keys of 128 bytes, values of 2,048.
    private static func fields(_ alert: CommonAlert, _ json: inout JSONWriter) {
        json.object("ProductFields") { json in
            json.field("amiwatch/AlertId", alert.alertID)
            json.field("amiwatch/Status", alert.status.rawValue)
            json.field("amiwatch/Verdict", alert.verdict.rawValue)
            json.field("amiwatch/Revision", alert.revision.map(String.init))
            json.field("amiwatch/CausedBy", alert.cause?.rawValue)
            json.field("amiwatch/Occurrences", String(alert.occurrences))
            json.field("amiwatch/AttackTechniques", alert.techniqueTexts.joined(separator: ", "))
            json.field("amiwatch/AttackTactics", alert.tacticTexts.joined(separator: ", "))
            json.field("amiwatch/Actor/Arn", alert.actor?.arn)
            json.field("amiwatch/Actor/Name", alert.actor?.name)
            json.field("amiwatch/Actor/Type", alert.actor?.type)
            json.field("amiwatch/Actor/Account", alert.actor?.account)
            json.field("amiwatch/Actor/InvokedBy", alert.actor?.invokedBy)
            json.field("amiwatch/Actor/Source", alert.actor?.address ?? alert.actor?.host)
            json.field("amiwatch/Actor/UserAgent", alert.actor?.userAgent)
            json.field("amiwatch/ResolvedBy", alert.resolution?.actor?.id)
            json.field("amiwatch/Event/Id", alert.event.id)
            json.field("amiwatch/Evidence", alert.records.map(\.id).joined(separator: " "))
            json.field("amiwatch/Facts", alert.factLines)
            json.field("amiwatch/Missing", alert.missing.joined(separator: "\n"))
            json.field("amiwatch/Remediation", alert.commands)
            json.field("amiwatch/Policy", alert.policyHash)
            json.field("amiwatch/Clause", alert.clause)
        }
    }
}

extension JSONWriter {
    /// An entry of a map, whose values are no longer than what Security Hub takes, and never blank.
    fileprivate mutating func field(_ name: StaticString, _ text: String?, limit: Int = 2048) {
        guard let text, !text.allSatisfy(\.isWhitespace) else { return }
        member(name, text.clipped(toBytes: limit))
    }
}
