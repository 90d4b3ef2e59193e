internal import CloudTrail
internal import Detection

/// ArcSight's Common Event Format, version 0 of its header
/// (https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-25.1/cef-implementation-standard/), one
/// line of text with keys of its dictionary, each no longer than that allows.
enum CEFAlert {
    static func line(_ alert: CommonAlert) -> [UInt8] {
        var line = CEFLine()
        line.header(
            [Product.name, Product.name, Product.version, alert.rule.id, alert.title],
            severity: severity(alert.severity)
        )
        line.add("rt", String(alert.told))
        line.add("start", String(alert.firstSeen.milliseconds))
        line.add("end", String(alert.lastSeen.milliseconds))
        // Of what never was a violation there is none to count.
        if alert.occurrences > 0 { line.add("cnt", String(alert.occurrences)) }
        line.add("cat", FindingType.all(alert).joined(separator: ", "), atMost: 1023)
        line.add("act", alert.event.name, atMost: 63)
        line.add("destinationServiceName", alert.event.source, atMost: 1023)
        line.add("outcome", alert.status.rawValue, atMost: 63)
        line.add("reason", reason(alert), atMost: 1023)
        // Half a hash is none: what does not fit is in deviceExternalId and cs6.
        if alert.event.id.utf8.count <= 40 { line.add("externalId", alert.event.id) }
        line.add("deviceExternalId", alert.alertID ?? alert.findingID, atMost: 255)
        if let actor = alert.actor {
            line.add("suser", actor.name, atMost: 1023)
            line.add("suid", actor.id, atMost: 1023)
            line.add("spriv", actor.type, atMost: 1023)
            line.add("src", actor.addressV4)
            line.add("c6a1", actor.addressV6, label: "Source IPv6 Address")
            line.add("shost", actor.host, atMost: 1023)
            line.add("sourceServiceName", actor.invokedBy, atMost: 1023)
            line.add("requestClientApplication", actor.userAgent, atMost: 1023)
        }
        line.add("duid", alert.account)
        line.add("cs1", alert.resource.uid, label: "resource")
        line.add("cs2", alert.techniqueTexts.joined(separator: ", "), label: "attackTechniques")
        line.add("cs3", alert.commands, label: "remediation")
        line.add("cs4", evidence(alert), label: "evidence")
        line.add("cs5", alert.discriminator, label: "discriminator")
        line.add("cs6", alert.findingID, label: "findingId")
        line.add("cn1", alert.revision.map(String.init), label: "revision")
        line.add("flexString1", alert.region, label: "region", atMost: 1023)
        line.add("flexString2", alert.clause, label: "clause", atMost: 1023)
        line.add("msg", alert.statement, atMost: 1023)
        return line.bytes
    }

    /// 0 to 3 is low, 4 to 6 medium, 7 and 8 high, 9 and 10 very high.
    private static func severity(_ severity: Severity) -> Int {
        switch severity {
        case .informational: 1
        case .low: 3
        case .medium: 5
        case .high: 8
        case .critical: 10
        }
    }

    private static func reason(_ alert: CommonAlert) -> String {
        let missing = alert.missing.joined(separator: "; ")
        return missing.isEmpty ? alert.verdict.rawValue : "\(alert.verdict.rawValue): not known: \(missing)"
    }

    private static func evidence(_ alert: CommonAlert) -> String {
        [alert.records.map(\.id).joined(separator: " "), alert.factLines].compactMap(\.self)
            .joined(separator: "\n")
    }
}

/// A line of CEF that grows: a header, then an extension in which each key stands once.
private struct CEFLine {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// Vendor, product and version, the id of the rule and its name.
    mutating func header(_ fields: [String], severity: Int) {
        bytes += "CEF:0|".utf8
        for (field, limit) in zip(fields, [63, 63, 31, 1023, 512]) {
            for scalar in field.clipped(toBytes: limit).trimmed.unicodeScalars {
                switch scalar {
                case "\\": bytes += "\\\\".utf8
                case "|": bytes += "\\|".utf8
                // A header has one line.
                case "\n", "\r", "\t": bytes += " ".utf8
                default: append(scalar)
                }
            }
            bytes += "|".utf8
        }
        bytes += "\(severity)|".utf8
    }

    /// A key and its value, which is left out when it is not known or blank; with a label for a key that means nothing by
    /// itself.
    mutating func add(_ key: String, _ value: String?, label: String? = nil, atMost limit: Int = 4000) {
        guard let value else { return }
        // Spaces around a value cannot be told from those between keys.
        let text = value.clipped(toBytes: limit).trimmed
        guard !text.isEmpty else { return }
        if !isFirst { bytes.append(0x20) }
        isFirst = false
        bytes += key.utf8
        bytes += "=".utf8
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": bytes += "\\\\".utf8
            case "=": bytes += "\\=".utf8
            case "\n": bytes += "\\n".utf8
            case "\r": bytes += "\\r".utf8
            case "\t": bytes += " ".utf8
            default: append(scalar)
            }
        }
        if let label { add("\(key)Label", label) }
    }

    /// What ends a line or turns a text around for some reader has no escape.
    private mutating func append(_ scalar: Unicode.Scalar) {
        if (0x20..<0x7F).contains(scalar.value) { return bytes.append(UInt8(scalar.value)) }
        let isShown =
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: false
            default: !scalar.properties.isBidiControl
            }
        bytes += String(isShown ? scalar : "\u{FFFD}").utf8
    }
}

extension String {
    /// Without white space around it.
    fileprivate var trimmed: String {
        guard let first = unicodeScalars.firstIndex(where: { !$0.isSpace }),
            let last = unicodeScalars.lastIndex(where: { !$0.isSpace })
        else { return "" }
        return String(unicodeScalars[first...last])
    }
}

extension Unicode.Scalar {
    fileprivate var isSpace: Bool {
        // Most are printable ASCII, and need no look into Unicode's tables.
        !(0x21..<0x7F).contains(value) && properties.isWhitespace
    }
}
