internal import Cryptography

/// The form in which a record of an inventory travels through a topic: one line of JSON that begins with the
/// key `amiwatch.inventory`, by which the reader and its prefilter know it.
///
/// Equal records have equal bytes.
public enum InventoryMessage {
    static let beginning: StaticString = "{\"amiwatch.inventory\""

    /// The message of a record that carries an inventory; nil for any other record.
    public static func encode(_ record: Record) -> [UInt8]? {
        guard case .inventory(let inventory) = record.call else { return nil }
        var writer = JSONWriter()
        writer.object {
            $0.present("amiwatch.inventory", 1)
            $0.present("id", record.id.description)
            $0.present("account", record.account.description)
            $0.present("region", record.region)
            $0.present("time", record.time.description)
            $0.present("name", record.name)
            $0.present("source", record.source)
            write(inventory, to: &$0)
        }
        return writer.bytes
    }

    /// A record that carries an inventory; its id is a hash of all that it says.
    public static func record(
        _ inventory: Inventory,
        account: AccountID,
        region: String,
        time: EventTime?,
        name: String,
        source: String
    ) -> Record {
        let time = time ?? EventTime(seconds: 0)
        let text = [account.description, region, time.description, name, content(of: inventory)]
            .joined(separator: "\n")
        return Record(
            id: .text("inventory/" + SHA256.hex(of: text)),
            account: account,
            region: region,
            time: time,
            name: name,
            source: source,
            call: .inventory(inventory)
        )
    }

    /// What an inventory tells, in one form for equal ones.
    static func content(of inventory: Inventory) -> String {
        var writer = JSONWriter()
        writer.object { write(inventory, to: &$0) }
        return writer.text
    }

    private static func write(_ grantees: [Grantee], to writer: inout JSONWriter) {
        writer.list("grantees", grantees) { writer, grantee in
            writer.object { $0.present(grantee.kind, grantee.description) }
        }
    }

    private static func write(_ inventory: Inventory, to writer: inout JSONWriter) {
        writer.present("dated", inventory.isDated)
        writer.list("images", inventory.images) { write($1, to: &$0) }
        writer.list("instances", inventory.instances) { write($1, to: &$0) }
        writer.list("launchPermissions", inventory.launchPermissions) { writer, permissions in
            writer.object {
                $0.present("image", permissions.image.description)
                write(permissions.grantees, to: &$0)
            }
        }
        writer.list("snapshotPermissions", inventory.snapshotPermissions) { writer, permissions in
            writer.object {
                $0.present("snapshot", permissions.snapshot.description)
                write(permissions.grantees, to: &$0)
            }
        }
        writer.present("allowedImages", inventory.allowedImages?.rawValue)
        if let criteria = inventory.imageCriteria {
            writer.list("imageCriteria", criteria, whenEmpty: true) { write($1, to: &$0) }
        }
        writer.present("managedBy", inventory.managedBy)
        writer.present("blockPublicAccess", inventory.blockPublicAccess?.rawValue)
        writer.present("snapshotBlockPublicAccess", inventory.snapshotBlockPublicAccess)
        writer.present("organization", inventory.organization)
        if let members = inventory.members {
            writer.list("members", members, whenEmpty: true) { $0.string($1.description) }
        }
        writer.list("someMembers", inventory.someMembers) { $0.string($1.description) }
        writer.list("roots", inventory.roots) { writer, root in
            writer.object {
                $0.present("id", root.id)
                $0.present("declarativePolicies", root.hasDeclarativePolicies)
            }
        }
    }

    private static func write(_ image: Inventory.Image, to writer: inout JSONWriter) {
        writer.object {
            $0.present("id", image.id.description)
            $0.present("owner", image.owner?.description)
            $0.present("ownerAlias", image.ownerAlias)
            if !image.tellsOwnerAlias { $0.present("tellsOwnerAlias", false) }
            $0.present("name", image.name)
            $0.present("created", image.created?.description)
            $0.present("deprecated", image.deprecated?.description)
            if image.isNeverDeprecated { $0.present("neverDeprecated", true) }
            $0.texts("productCodes", image.productCodes)
            $0.present("sourceImage", image.sourceImage?.description)
            $0.present("sourceInstance", image.sourceInstance?.description)
            if !image.snapshots.isEmpty { $0.texts("snapshots", image.snapshots) }
            $0.present("public", image.isPublic)
            $0.present("disabled", image.isDisabled)
            // Pairs and not members: a tag may have any key.
            if let tags = image.tags {
                $0.list("tags", tags.sorted { $0.key < $1.key }, whenEmpty: true) { writer, tag in
                    writer.array {
                        $0.string(tag.key.string)
                        $0.string(tag.value.string)
                    }
                }
            }
        }
    }

    private static func write(_ instance: Inventory.Instance, to writer: inout JSONWriter) {
        writer.object {
            $0.present("id", instance.id.description)
            $0.present("account", instance.account?.description)
            $0.present("region", instance.region)
            $0.present("image", instance.image?.description)
            $0.present("launched", instance.launched?.description)
            if instance.isTerminated { $0.present("terminated", true) }
        }
    }

    private static func write(_ criterion: ImageCriterion, to writer: inout JSONWriter) {
        writer.object {
            $0.texts("providers", criterion.providers)
            $0.texts("names", criterion.names)
            $0.texts("productCodes", criterion.productCodes)
            $0.present("maximumDaysSinceCreated", criterion.maximumDaysSinceCreated)
            $0.present("maximumDaysSinceDeprecated", criterion.maximumDaysSinceDeprecated)
            if !criterion.unknown.isEmpty {
                $0.list("unknown", criterion.unknown.sorted { $0.key < $1.key }) { writer, entry in
                    writer.array {
                        $0.string(entry.key.string)
                        $0.string(entry.value.string)
                    }
                }
            }
        }
    }
}

extension Grantee {
    fileprivate var kind: StaticString {
        switch self {
        case .account: "account"
        case .everyone: "group"
        case .organization: "organization"
        case .organizationalUnit: "organizationalUnit"
        }
    }
}

extension JSONWriter {
    /// A member, unless it is nil.
    fileprivate mutating func present(_ key: StaticString, _ value: String?) {
        guard let value else { return }
        self.key(key)
        string(value)
    }

    fileprivate mutating func present(_ key: StaticString, _ value: ExactText?) {
        present(key, value?.string)
    }

    fileprivate mutating func present(_ key: StaticString, _ value: Bool?) {
        guard let value else { return }
        self.key(key)
        boolean(value)
    }

    fileprivate mutating func present(_ key: StaticString, _ value: Int?) {
        guard let value else { return }
        self.key(key)
        number(value)
    }

    fileprivate mutating func texts(_ key: StaticString, _ values: [ExactText]?) {
        guard let values else { return }
        list(key, values, whenEmpty: true) { $0.string($1.string) }
    }

    /// A member that is a list; left out when it is empty, unless that says something.
    fileprivate mutating func list<Values: Collection>(
        _ key: StaticString,
        _ values: Values,
        whenEmpty: Bool = false,
        _ each: (inout JSONWriter, Values.Element) -> Void
    ) {
        guard whenEmpty || !values.isEmpty else { return }
        self.key(key)
        array { for value in values { each(&$0, value) } }
    }
}
