public import CloudTrail

/// A command of the AWS CLI for people to paste, or why there is none.
///
/// Whoever made a call chose the ids, ARNs and tags in its record, and must not get to write commands. So what a
/// command names is of the strict form in which AWS writes it (`AWSForm`) or is JSON; where it is neither, the command
/// is withheld. The whole line is printable ASCII, so that what is read is what is pasted, whatever terminal and
/// clipboard are in between, and no argument can end its own quotes, begin an option, or name a file that the CLI
/// would load (`file://`).
public enum AWSCommand: Hashable, Sendable {
    /// The line.
    case line(String)
    /// There is none; why, for people.
    case withheld(String)

    /// The longest line: Linux takes no argument of 128 KiB.
    static let maximumBytes = 100_000

    /// `aws ec2 …` in a Region.
    static func ec2(_ action: StaticString, region: String, _ arguments: AWSArgument...) -> AWSCommand {
        ec2(action, region: region, arguments)
    }

    /// `aws ec2 …` in a Region.
    public static func ec2(
        _ action: StaticString,
        region: String,
        _ arguments: [AWSArgument]
    ) -> AWSCommand {
        command(["ec2", .word(action), "--region", .region(region)] + arguments)
    }

    /// `aws cloudtrail …` in a Region.
    static func cloudTrail(
        _ action: StaticString,
        region: String,
        _ arguments: AWSArgument...
    ) -> AWSCommand {
        command(["cloudtrail", .word(action), "--region", .region(region)] + arguments)
    }

    /// Shows the record of a call.
    static func lookup(_ call: Evidence, region: String) -> AWSCommand {
        cloudTrail("lookup-events", region: region, "--lookup-attributes", .event(call.id))
    }

    /// Nobody can launch an image any more, until it is enabled again.
    static func disable(_ image: ResourceID, region: String) -> AWSCommand {
        ec2("disable-image", region: region, "--image-id", .image(image))
    }

    /// `aws organizations …`, which is in no Region.
    static func organizations(_ action: StaticString, _ arguments: AWSArgument...) -> AWSCommand {
        command(["organizations", .word(action)] + arguments)
    }

    private static func command(_ arguments: [AWSArgument]) -> AWSCommand {
        var line = Array("aws".utf8)
        line.reserveCapacity(192)
        for argument in arguments {
            switch argument.text {
            case .success(let text): append(text.utf8, to: &line)
            case .failure(let fault): return .withheld(fault.text)
            }
        }
        guard line.count <= maximumBytes else { return .withheld("it would be too long to paste") }
        return .line(String(decoding: line, as: UTF8.self))
    }

    /// Appends an argument, in quotes where a shell would read more in it than text.
    ///
    /// No argument has a quote in it: JSON writes it as `\u0027`.
    private static func append(_ argument: String.UTF8View, to line: inout [UInt8]) {
        line.append(0x20)
        let start = line.count
        line.append(contentsOf: argument)
        guard !line[start...].allSatisfy(isPlain) else { return }
        line.insert(0x27, at: start)
        line.append(0x27)
    }

    /// Whether every shell takes a byte as it is.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x2C...0x2F, 0x3A, 0x3D, 0x5F: true  // , - . / : = _
        default: false
        }
    }
}

/// An argument of a command.
public enum AWSArgument: Hashable, Sendable, ExpressibleByStringLiteral {
    /// A word of the program's own.
    case word(String)
    /// The name of a Region.
    case region(String)
    /// An image id.
    case image(ResourceID)
    /// An instance id.
    case instance(ResourceID)
    /// A snapshot id.
    case snapshot(ResourceID)
    /// The name of a trail.
    case trail(ExactText)
    /// The id of a policy of AWS Organizations.
    case policy(ExactText)
    /// The id of a root, a unit or an account of AWS Organizations.
    case placeInOrganization(ExactText)
    /// The lookup of an event by its id.
    case event(EventID)
    /// The permission of a grantee to use an image or a snapshot, to be removed.
    case removal(Grantee)
    /// A tag, or a tag's key alone.
    case tag(String, value: String?)
    /// The criteria of Allowed AMIs; parameters that are not known are left out.
    case criteria([ImageCriterion])

    /// A word of the program's own.
    public init(stringLiteral word: StaticString) { self = .word(word) }

    /// A word of the program's own.
    static func word(_ word: StaticString) -> AWSArgument { .word(word.description) }

    /// What cannot stand in a command.
    struct Fault: Error {
        /// For people: "the image id is malformed".
        let text: String

        static func malformed(_ what: String) -> Result<String, Fault> {
            .failure(Fault(text: "\(what) is malformed"))
        }
    }

    /// The text as the CLI takes it: printable ASCII without a quote.
    var text: Result<String, Fault> {
        switch self {
        case .word(let word): .success(word)
        case .region(let name): AWSForm.isRegion(name) ? .success(name) : Fault.malformed("the Region")
        case .image(let id): AWSForm.isImage(id) ? .success(id.description) : Fault.malformed("the image id")
        case .instance(let id):
            AWSForm.isInstance(id) ? .success(id.description) : Fault.malformed("the instance id")
        case .snapshot(let id):
            AWSForm.isSnapshot(id) ? .success(id.description) : Fault.malformed("the snapshot id")
        case .trail(let name):
            AWSForm.isTrail(name) ? .success(name.string) : Fault.malformed("the trail's name")
        case .policy(let id):
            AWSForm.isPolicy(id.string) ? .success(id.string) : Fault.malformed("the policy id")
        case .placeInOrganization(let id):
            AWSForm.isPlaceInOrganization(id.string)
                ? .success(id.string) : Fault.malformed("the id in the organization")
        case .event(let id): Self.lookup(id)
        case .removal(let grantee): Self.removal(of: grantee)
        case .tag(let key, let value): Self.tag(key, value)
        case .criteria(let list): .success(AWSJSON.list(list.map(\.json)))
        }
    }

    private static func lookup(_ id: EventID) -> Result<String, Fault> {
        guard case .uuid = id else {
            return .failure(Fault(text: "the event's id is not one of CloudTrail's"))
        }
        return .success("AttributeKey=EventId,AttributeValue=\(id)")
    }

    private static func removal(of grantee: Grantee) -> Result<String, Fault> {
        switch grantee {
        case .everyone: .success("Remove=[{Group=all}]")
        case .account(let account): .success("Remove=[{UserId=\(account)}]")
        case .organization(let arn):
            AWSForm.isOrganization(arn)
                ? .success("Remove=[{OrganizationArn=\(arn)}]") : Fault.malformed("the organization's ARN")
        case .organizationalUnit(let arn):
            AWSForm.isUnit(arn)
                ? .success("Remove=[{OrganizationalUnitArn=\(arn)}]") : Fault.malformed("the unit's ARN")
        }
    }

    /// In the CLI's shorthand, or as JSON where the shorthand might not carry it.
    private static func tag(_ key: String, _ value: String?) -> Result<String, Fault> {
        guard AWSForm.isTag(key, value ?? "") else {
            return .failure(Fault(text: "the tag is longer than AWS allows"))
        }
        guard AWSForm.isWord(key), value.map(AWSForm.isWord) ?? true else {
            var members: [(StaticString, String)] = [("Key", AWSJSON.string(key))]
            if let value { members.append(("Value", AWSJSON.string(value))) }
            return .success(AWSJSON.list([AWSJSON.object(members)]))
        }
        return .success("Key=\(key)" + (value.map { ",Value=\($0)" } ?? ""))
    }
}

extension ImageCriterion {
    /// As the CLI takes it: AWS's own names, a fixed order.
    fileprivate var json: String {
        func list(_ texts: [ExactText]) -> String { AWSJSON.list(texts.map { AWSJSON.string($0.string) }) }
        var members: [(StaticString, String)] = []
        if let providers { members.append(("ImageProviders", list(providers))) }
        if let names { members.append(("ImageNames", list(names))) }
        if let productCodes { members.append(("MarketplaceProductCodes", list(productCodes))) }
        if let days = maximumDaysSinceCreated {
            members.append(
                ("CreationDateCondition", AWSJSON.object([("MaximumDaysSinceCreated", "\(days)")]))
            )
        }
        if let days = maximumDaysSinceDeprecated {
            members.append(
                ("DeprecationTimeCondition", AWSJSON.object([("MaximumDaysSinceDeprecated", "\(days)")]))
            )
        }
        return AWSJSON.object(members)
    }
}

/// JSON that stands unharmed between single quotes in any shell.
private enum AWSJSON {
    /// A string: whatever is no printable ASCII, and what a shell might take for itself, as an escape `\u0027`.
    ///
    /// Bourne's shells end single quotes at `'` alone; fish also reads `\\` and `\'` there, and csh `!`.
    static func string(_ text: String) -> String {
        var json: [UInt8] = [0x22]
        for unit in text.utf16 {
            switch unit {
            case 0x21, 0x22, 0x27, 0x5C: escape(unit, &json)  // ! " ' \
            case 0x20...0x7E: json.append(UInt8(truncatingIfNeeded: unit))
            default: escape(unit, &json)
            }
        }
        json.append(0x22)
        return String(decoding: json, as: UTF8.self)
    }

    private static func escape(_ unit: UInt16, _ json: inout [UInt8]) {
        let digits = String(unit, radix: 16)
        json.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
    }

    static func list(_ values: [String]) -> String { "[\(values.joined(separator: ","))]" }

    static func object(_ members: [(key: StaticString, value: String)]) -> String {
        "{\(members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ","))}"
    }
}
