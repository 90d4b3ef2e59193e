import CloudTrail

/// A command of the AWS CLI for people to paste.
///
/// Every argument is quoted where a shell would read more than text: tag values and ARNs come from records, and
/// whoever wrote those must not get to write commands.
public enum AWSCommand {
    /// `aws ec2 …` in a Region.
    static func ec2(_ action: String, region: String, _ arguments: String...) -> String {
        ec2(action, region: region, arguments)
    }

    /// `aws ec2 …` in a Region.
    public static func ec2(_ action: String, region: String, _ arguments: [String]) -> String {
        line(["aws", "ec2", action, "--region", region] + arguments)
    }

    /// `aws cloudtrail …` in a Region.
    static func cloudTrail(_ action: String, region: String, _ arguments: String...) -> String {
        line(["aws", "cloudtrail", action, "--region", region] + arguments)
    }

    /// A tag in the CLI's shorthand, or as JSON where the shorthand would not carry it.
    static func tag(_ key: String, _ value: String?) -> String {
        let parts = [key] + (value.map { [$0] } ?? [])
        if parts.allSatisfy({ $0.utf8.allSatisfy(isPlain) && !$0.contains(",") && !$0.isEmpty }) {
            return "Key=\(key)" + (value.map { ",Value=\($0)" } ?? "")
        }
        return "[{\"Key\":\(json(key))" + (value.map { ",\"Value\":\(json($0))" } ?? "") + "}]"
    }

    /// A text as JSON.
    static func json(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": escaped += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return "\"\(escaped)\""
    }

    private static func line(_ arguments: [String]) -> String {
        arguments.map(quoted).joined(separator: " ")
    }

    private static func quoted(_ argument: String) -> String {
        if !argument.isEmpty, argument.utf8.allSatisfy(isPlain) { return argument }
        return "'" + argument.replacing("'", with: "'\\''") + "'"
    }

    /// Whether a shell takes a byte for itself.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x2B...0x2F, 0x3A, 0x3D, 0x40, 0x5F: true  // + , - . / : = @ _
        default: false
        }
    }
}

extension [ImageCriterion] {
    /// As the CLI takes image criteria: JSON, AWS's own names; parameters that are not known are left out.
    var json: String { "[\(map(\.json).joined(separator: ","))]" }
}

extension ImageCriterion {
    fileprivate var json: String {
        func list(_ texts: [String]) -> String {
            "[\(texts.map(AWSCommand.json).joined(separator: ","))]"
        }
        var members: [(String, String)] = []
        if let providers { members.append(("ImageProviders", list(providers))) }
        if let names { members.append(("ImageNames", list(names))) }
        if let productCodes { members.append(("MarketplaceProductCodes", list(productCodes))) }
        if let days = maximumDaysSinceCreated {
            members.append(("CreationDateCondition", "{\"MaximumDaysSinceCreated\":\(days)}"))
        }
        if let days = maximumDaysSinceDeprecated {
            members.append(("DeprecationTimeCondition", "{\"MaximumDaysSinceDeprecated\":\(days)}"))
        }
        return "{\(members.map { "\(AWSCommand.json($0.0)):\($0.1)" }.joined(separator: ","))}"
    }
}
