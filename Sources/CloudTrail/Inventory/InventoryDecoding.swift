extension InventoryMessage {
    /// The record of a message; refused when it is not what `encode` makes.
    static func decode(_ value: JSONValue) throws(Refusal) -> Record {
        func text(_ name: StaticString) throws(Refusal) -> String {
            guard let text = value.member(name)?.text?.string else {
                throw Refusal(.wrongType, "inventory without \(name)")
            }
            return text
        }
        guard value.member("amiwatch.inventory")?.integer == 1 else {
            throw Refusal(.unrecognised, "an inventory of another version")
        }
        guard let account = AccountID(try text("account")) else {
            throw Refusal(.noAccount, "inventory without a usable account")
        }
        guard let time = EventTime(try text("time")) else {
            throw Refusal(.unreadableTime, "inventory without a usable time")
        }
        let inventory = try inventory(value)
        // Whoever owns the other account would never hear of it.
        if let other = inventory.instances.first(where: { $0.account ?? account != account }) {
            throw Refusal(
                .wrongType,
                "an inventory of account \(account) with \(other.id), which is another account's: "
                    + "'amiwatch inventory' writes one for each"
            )
        }
        return Record(
            id: EventID(try text("id")),
            account: account,
            region: try text("region"),
            time: time,
            name: try text("name"),
            source: try text("source"),
            call: .inventory(inventory)
        )
    }

    private static func inventory(_ value: JSONValue) throws(Refusal) -> Inventory {
        var inventory = Inventory(isDated: value.member("dated")?.bool ?? false)
        for image in value.each("images") { inventory.images.append(try self.image(image)) }
        for instance in value.each("instances") { inventory.instances.append(try self.instance(instance)) }
        for entry in value.each("launchPermissions") {
            guard let image = entry.identifier("image") else { throw broken }
            inventory.launchPermissions.append(.init(image: image, grantees: try grantees(entry)))
        }
        for entry in value.each("snapshotPermissions") {
            guard let snapshot = entry.identifier("snapshot") else { throw broken }
            inventory.snapshotPermissions.append(.init(snapshot: snapshot, grantees: try grantees(entry)))
        }
        inventory.allowedImages = value.string("allowedImages").flatMap { AllowedImagesState(rawValue: $0) }
        if let criteria = value.member("imageCriteria") {
            var list: [ImageCriterion] = []
            for item in criteria.elements { list.append(try criterion(item)) }
            inventory.imageCriteria = list
        }
        inventory.managedBy = value.exact("managedBy")
        inventory.blockPublicAccess = value.string("blockPublicAccess")
            .flatMap { BlockPublicAccessState(rawValue: $0) }
        inventory.snapshotBlockPublicAccess = value.exact("snapshotBlockPublicAccess")
        inventory.organization = value.exact("organization")
        if let members = value.member("members") {
            inventory.members = members.elements.compactMap { AccountID($0) }
        }
        inventory.someMembers = value.each("someMembers").compactMap { AccountID($0) }
        for root in value.each("roots") {
            guard let id = root.exact("id"), let isOn = root.member("declarativePolicies")?.bool
            else { throw broken }
            inventory.roots.append(.init(id: id, hasDeclarativePolicies: isOn))
        }
        return inventory
    }

    private static var broken: Refusal { Refusal(.wrongType, "an inventory of an unknown shape") }

    private static func image(_ value: JSONValue) throws(Refusal) -> Inventory.Image {
        guard let id = value.identifier("id") else { throw broken }
        var image = Inventory.Image(id: id)
        image.owner = AccountID(value.member("owner"))
        image.ownerAlias = value.exact("ownerAlias")
        image.tellsOwnerAlias = value.member("tellsOwnerAlias")?.bool ?? true
        image.name = value.exact("name")
        image.created = value.string("created").flatMap { EventTime($0) }
        image.deprecated = value.string("deprecated").flatMap { EventTime($0) }
        image.isNeverDeprecated = value.member("neverDeprecated")?.bool ?? false
        image.productCodes = value.strings("productCodes")
        image.sourceImage = value.identifier("sourceImage")
        image.sourceInstance = value.identifier("sourceInstance")
        image.snapshots = value.strings("snapshots") ?? []
        image.isPublic = value.member("public")?.bool
        image.isDisabled = value.member("disabled")?.bool
        image.tags = value.pairs("tags")
        return image
    }

    private static func instance(_ value: JSONValue) throws(Refusal) -> Inventory.Instance {
        guard let id = value.identifier("id") else { throw broken }
        return Inventory.Instance(
            id: id,
            account: AccountID(value.member("account")),
            region: value.exact("region"),
            image: value.identifier("image"),
            launched: value.string("launched").flatMap { EventTime($0) },
            isTerminated: value.member("terminated")?.bool ?? false
        )
    }

    private static func criterion(_ value: JSONValue) throws(Refusal) -> ImageCriterion {
        ImageCriterion(
            providers: value.strings("providers"),
            names: value.strings("names"),
            productCodes: value.strings("productCodes"),
            maximumDaysSinceCreated: try days(value.member("maximumDaysSinceCreated")),
            maximumDaysSinceDeprecated: try days(value.member("maximumDaysSinceDeprecated")),
            unknown: value.pairs("unknown") ?? [:]
        )
    }

    private static func days(_ value: JSONValue?) throws(Refusal) -> Int? {
        guard let value else { return nil }
        guard let days = value.wholeNumber, ImageCriterion.days.contains(days) else { throw broken }
        return days
    }

    private static func grantees(_ entry: JSONValue) throws(Refusal) -> [Grantee] {
        var grantees: [Grantee] = []
        for grantee in entry.each("grantees") {
            guard let grantee = Self.grantee(grantee) else { throw broken }
            grantees.append(grantee)
        }
        return grantees
    }

    private static func grantee(_ value: JSONValue) -> Grantee? {
        if let account = value.member("account") { return AccountID(account).map { .account($0) } }
        if value.string("group") == "all" { return .everyone }
        if let arn = value.string("organization") { return .organization(arn) }
        return value.string("organizationalUnit").map { .organizationalUnit($0) }
    }
}

extension JSONValue {
    fileprivate func each(_ key: StaticString) -> [JSONValue] { member(key).map { Array($0.elements) } ?? [] }

    fileprivate func string(_ key: StaticString) -> String? { member(key)?.text?.string }

    fileprivate func exact(_ key: StaticString) -> ExactText? { string(key).map { ExactText($0) } }

    fileprivate func identifier(_ key: StaticString) -> ResourceID? { string(key).map { ResourceID($0) } }

    fileprivate func strings(_ key: StaticString) -> [ExactText]? {
        member(key).map { $0.elements.compactMap { $0.text.map { ExactText($0.string) } } }
    }

    fileprivate func pairs(_ key: StaticString) -> [ExactText: ExactText]? {
        guard let list = member(key) else { return nil }
        var pairs: [ExactText: ExactText] = [:]
        for pair in list.elements {
            let texts = pair.elements.compactMap { $0.text?.string }
            if texts.count == 2 { pairs[ExactText(texts[0])] = ExactText(texts[1]) }
        }
        return pairs
    }
}
