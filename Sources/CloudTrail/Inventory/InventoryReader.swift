internal import CPrefilter

/// Reads the JSON that the AWS CLI prints and makes records of it, which carry facts instead of a call.
///
/// Whole documents, several one after the other (as pages are), and the bare lists that `--query` leaves.
public struct InventoryReader {
    /// What the documents do not say themselves.
    public struct Options: Hashable, Sendable {
        /// The account that the CLI was run in.
        public var account: AccountID?
        /// The Region that it was run for.
        public var region: ExactText?
        /// When it was run.
        ///
        /// Without it only what holds for ever is taken.
        public var time: EventTime?

        /// Options, each of which may be left out.
        public init(account: AccountID? = nil, region: ExactText? = nil, time: EventTime? = nil) {
            self.account = account
            self.region = region
            self.time = time
        }
    }

    /// What was read.
    public struct Output: Sendable {
        /// One or more for each API action, account and Region, sorted by these.
        public var records: [Record] = []
        /// Single values that could not be read and count as unknown, each as a sentence.
        public var problems: [String] = []
    }

    /// Why nothing was read.
    public enum Failure: Error, Hashable, Sendable {
        /// The text is no JSON; the place in bytes, and why.
        case notJSON(offset: Int, String)
        /// A document of no known kind; what would have been one.
        case unknownDocument(offset: Int, expected: String)
        /// A word that `--query` has left of the state of block public access, for images or for snapshots.
        case ambiguousWord(String, offset: Int)
        /// A document from which nothing can be taken; what to do instead.
        case useless(command: String, advice: String)
        /// A document that does not say its account, or its Region, and no option says it.
        case missing(option: String, action: String)

        /// A sentence for people.
        public var text: String {
            switch self {
            case .notJSON(let offset, let reason): "byte \(offset): \(reason)"
            case .unknownDocument(let offset, let expected):
                "byte \(offset): unknown document; expected \(expected)"
            case .ambiguousWord(let word, let offset):
                "byte \(offset): \(word) may be the state of block public access for images or for snapshots; "
                    + "leave --query out"
            case .useless(let command, let advice): "nothing is taken from what \(command) prints: \(advice)"
            case .missing(let option, let action):
                "\(action) does not say its \(option): give it as an option"
            }
        }
    }

    static let expected =
        "what describe-images, describe-image-attribute, describe-instances, describe-instance-image-metadata, "
        + "describe-snapshot-attribute, get-allowed-images-settings, get-image-block-public-access-state, "
        + "get-snapshot-block-public-access-state, or organizations list-accounts, describe-organization or "
        + "list-roots prints"

    /// Images, instances, permissions or members in one record at most, so that a message stays small.
    static let chunk = 500

    struct Key: Hashable {
        var action: String
        var account: AccountID
        var region: ExactText
    }

    let options: Options
    var found: [Key: Inventory] = [:]
    var problems: [String] = []
    /// Whether the last page of `list-accounts` says that there is another.
    var isListOfAccountsCut = false

    private init(_ options: Options) { self.options = options }

    /// Reads one input.
    ///
    /// - Throws: `Failure` when a document cannot be used at all; an impossible value is a problem of the output.
    public static func read(
        _ input: UnsafeRawBufferPointer,
        options: Options = .init()
    ) throws(Failure) -> Output {
        var reader = InventoryReader(options)
        try reader.take(input)
        return reader.output()
    }

    private mutating func take(_ input: UnsafeRawBufferPointer) throws(Failure) {
        let parser = JSONParser(depth: 128)
        var position = input.skippingSpace(from: 0)
        if position == input.count { throw .unknownDocument(offset: 0, expected: Self.expected) }
        while position < input.count {
            let end = Prefilter.shared.extent(in: input, from: position).end
            let result = Result { () throws(JSONParser.Problem) in
                try parser.parse(input.part(position, end))
            }
            switch result {
            case .failure(let problem): throw .notJSON(offset: position, Refusal(problem).text)
            case .success(let document): try take(document, at: position)
            }
            position = input.skippingSpace(from: end)
        }
    }

    mutating func add(
        _ action: String,
        _ account: AccountID?,
        _ region: ExactText?,
        _ change: (inout Inventory) -> Void
    ) throws(Failure) {
        guard let account else { throw .missing(option: "account", action: action) }
        guard let region else { throw .missing(option: "region", action: action) }
        let key = Key(action: action, account: account, region: region)
        change(&found[key, default: Inventory(isDated: options.time != nil)])
    }

    private func output() -> Output {
        var output = Output(problems: problems)
        var found = found
        for (key, inventory) in found where inventory.members != nil {
            guard let fault = fault(ofMembers: inventory, of: key.account) else { continue }
            // Whoever is missing from it would count as a stranger.
            found[key]?.someMembers += inventory.organization == nil ? [] : inventory.members ?? []
            found[key]?.members = nil
            if found[key]?.someMembers.isEmpty == true { found[key] = nil }
            output.problems.append(fault)
        }
        let sorted = found.sorted { left, right in
            (left.key.action, left.key.account, left.key.region)
                < (right.key.action, right.key.account, right.key.region)
        }
        for (key, inventory) in sorted {
            for part in inventory.sortedParts(of: Self.chunk) {
                output.records.append(
                    InventoryMessage.record(
                        part,
                        account: key.account,
                        region: key.region.string,
                        time: options.time,
                        name: key.action,
                        source: Self.ofOrganizations.contains(key.action)
                            ? WatchedCall.Service.organizations.source : WatchedCall.source
                    )
                )
            }
        }
        return output
    }

    private static let ofOrganizations = ["ListAccounts", "DescribeOrganization", "ListRoots"]

    /// Why a list of an organization's accounts is not, or may not be, all of them; nil when it is.
    private func fault(ofMembers inventory: Inventory, of management: AccountID) -> String? {
        let follows = "so its accounts count as members, and nothing follows for any other"
        if inventory.organization == nil {
            return "accounts without an Arn, which names their organization: nothing is taken from them"
        }
        if isListOfAccountsCut {
            return "the list of accounts ends with a NextToken and is not whole, \(follows); "
                + "leave --max-items and --no-paginate out"
        }
        // What list-accounts-for-parent prints has the same shape; in the root there is often the management account alone.
        let (members, all) = (
            Set(inventory.members ?? []), "'aws organizations list-accounts' prints all of them"
        )
        if !members.contains(management) {
            return "the list of accounts lacks the management account \(management) and is not whole, "
                + "\(follows); \(all)"
        }
        return members.count > 1
            ? nil : "the list of accounts has the management account \(management) alone, \(follows); \(all)"
    }
}

extension Inventory {
    /// The same content, sorted, each thing once, in parts of so many images, instances, permissions or members.
    fileprivate func sortedParts(of size: Int) -> [Inventory] {
        var rest = self
        rest.images = Self.unique(images) { $0.id }
        rest.instances = Self.unique(instances) { $0.id }
        rest.launchPermissions = Self.unique(launchPermissions) { $0.image }
        rest.snapshotPermissions = Self.unique(snapshotPermissions) { $0.snapshot }
        rest.members = members.map { Set($0).sorted() }
        rest.someMembers = Set(someMembers).sorted()
        rest.roots = Dictionary(roots.map { ($0.id, $0) }) { $1 }.values.sorted { $0.id < $1.id }
        var parts: [Inventory] = []
        while [
            rest.images.count, rest.instances.count, rest.launchPermissions.count,
            rest.snapshotPermissions.count, rest.someMembers.count,
        ].contains(where: { $0 > size }) {
            var part = Inventory(isDated: isDated)
            part.images = Array(rest.images.prefix(size))
            part.instances = Array(rest.instances.prefix(size))
            part.launchPermissions = Array(rest.launchPermissions.prefix(size))
            part.snapshotPermissions = Array(rest.snapshotPermissions.prefix(size))
            (part.organization, part.someMembers) = (organization, Array(rest.someMembers.prefix(size)))
            rest.images.removeFirst(part.images.count)
            rest.instances.removeFirst(part.instances.count)
            rest.launchPermissions.removeFirst(part.launchPermissions.count)
            rest.snapshotPermissions.removeFirst(part.snapshotPermissions.count)
            rest.someMembers.removeFirst(part.someMembers.count)
            parts.append(part)
        }
        return parts + [rest]
    }

    /// The last of those with one id, sorted by it.
    private static func unique<Value>(_ values: [Value], _ id: (Value) -> ResourceID) -> [Value] {
        var last: [ResourceID: Value] = [:]
        for value in values { last[id(value)] = value }
        return last.sorted { $0.key < $1.key }.map(\.value)
    }
}
