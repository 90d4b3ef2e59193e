import CloudTrail

/// Reads image criteria as AWS writes them: the input of `replace-image-criteria-in-allowed-images-settings`, an
/// answer of `get-allowed-images-settings`, or the bare list.
struct ImageCriteriaReader {
    private static let topKeys = ["ImageCriteria", "State", "ManagedBy", "DryRun"]
    private static let parameters = [
        "ImageProviders", "ImageNames", "MarketplaceProductCodes", "CreationDateCondition",
        "DeprecationTimeCondition",
    ]
    private static let refused = "AWS refuses these criteria"

    let reader: DocumentReader

    func read(_ root: Node) -> [ImageCriterion] {
        guard let list = criteria(root), let items = reader.items(list, "ImageCriteria") else { return [] }
        if items.isEmpty {
            reader.warn(
                list.location,
                "ImageCriteria is empty; AWS does not say what that admits beside the own images"
            )
        }
        limit(items, to: ImageCriterionLimits.criteria, "criteria", list)
        let criteria = items.compactMap(criterion)
        let none = items.first { isNone($0) }
        if let none, items.count > 1 {
            reader.error(
                none.location,
                "a criterion with provider none must be the only one",
                instead: "this criterion alone",
                impact: Self.refused
            )
        }
        return criteria
    }

    /// The list within the document.
    private func criteria(_ root: Node) -> Node? {
        if case .sequence = root.value { return root }
        guard let entries = reader.entries(root, "") else { return nil }
        let names = entries.map(\.key)
        if names.contains("ec2_attributes") {
            reader.error(
                root.location,
                "this is a declarative policy, not image criteria",
                instead: "it under declarative_policies"
            )
            return nil
        }
        if names.contains(where: Self.parameters.contains) {
            reader.error(
                root.location,
                "this is a single criterion, not a list of them",
                instead: "{\"ImageCriteria\": [ … ]} around it"
            )
            return nil
        }
        for entry in entries where !Self.topKeys.contains(entry.key) {
            unknown(entry, Self.topKeys)
        }
        guard let list = entries.first(where: { $0.key == "ImageCriteria" }) else {
            if !reader.hasErrors || NearestName.of(names.first ?? "", in: ["ImageCriteria"]) == nil {
                reader.error(
                    root.location,
                    "the document has no ImageCriteria",
                    instead: "{\"ImageCriteria\": [ … ]}"
                )
            }
            return nil
        }
        return list.value
    }

    private func criterion(_ node: Node) -> ImageCriterion? {
        guard let entries = reader.entries(node, "an image criterion") else { return nil }
        var criterion = ImageCriterion()
        for entry in entries {
            switch entry.key {
            case "ImageProviders": criterion.providers = providers(entry.value, alone: entries.count == 1)
            case "ImageNames": criterion.names = names(entry.value)
            case "MarketplaceProductCodes": criterion.productCodes = productCodes(entry.value)
            case "CreationDateCondition":
                criterion.maximumDaysSinceCreated = days(entry, "MaximumDaysSinceCreated")
            case "DeprecationTimeCondition":
                criterion.maximumDaysSinceDeprecated = days(entry, "MaximumDaysSinceDeprecated")
            default:
                if unknown(entry, Self.parameters) {
                    criterion.unknown[ExactText(entry.key)] = ExactText(JSONText.canonical(entry.value))
                }
            }
        }
        if entries.isEmpty {
            reader.warn(node.location, "this criterion has no parameters, so it admits every image")
        }
        if let names = entries.first(where: { $0.key == "ImageNames" }),
            !entries.contains(where: { $0.key == "ImageProviders" })
        {
            reader.warn(
                names.location,
                "ImageNames without ImageProviders: anybody can publish an image under such a name",
                instead: "ImageProviders beside ImageNames"
            )
        }
        return criterion
    }

    /// Reports a key that is not known: an error when it is a slip for a known one (then false), else a warning.
    @discardableResult
    private func unknown(_ entry: Node.Entry, _ known: [String]) -> Bool {
        if let nearest = NearestName.of(entry.key, in: known) {
            reader.error(
                entry.location,
                "unknown parameter \(entry.key)",
                instead: nearest,
                impact: Self.refused
            )
            return false
        }
        reader.warn(
            entry.location,
            "parameter \(entry.key) is unknown to this version; it is kept, but nothing is judged by it"
        )
        return true
    }

    private func providers(_ node: Node, alone: Bool) -> [ExactText]? {
        guard let items = reader.items(node, "ImageProviders") else { return nil }
        limit(items, to: ImageCriterionLimits.providers, "providers", node)
        let known = ImageCriterionLimits.ownerAliases + [ImageCriterionLimits.none]
        let providers = reader.exactList(node, "ImageProviders") { item -> String? in
            guard case .scalar(let text, .quoted) = item.value, text.first?.isNumber != true else {
                return account(item)
            }
            if known.contains(text) { return text }
            reader.error(
                item.location,
                "ImageProviders: \(text) is not a valid provider: neither an account id nor an alias of AWS's",
                instead: NearestName.of(text, in: known).map { JSONText.string($0) }
                    ?? "12 digits in quotes, or one of " + known.joined(separator: ", "),
                impact: Self.refused
            )
            return nil
        }
        if providers.contains(ExactText(ImageCriterionLimits.none)), items.count > 1 || !alone {
            reader.error(
                node.location,
                "provider none admits the own images only and must stand alone",
                instead: "[\"none\"]",
                impact: Self.refused
            )
        }
        return providers
    }

    private func account(_ node: Node) -> String? {
        guard case .scalar(let text, .plain) = node.value else {
            return reader.account(node, "ImageProviders", impact: Self.refused)?.description
        }
        reader.unquoted(account: text, node, "ImageProviders", impact: Self.refused)
        return nil
    }

    private func isNone(_ node: Node) -> Bool {
        guard case .mapping(let entries) = node.value,
            case .sequence(let items)? = entries.first(where: { $0.key == "ImageProviders" })?.value.value
        else { return false }
        return items.contains { if case .scalar("none", .quoted) = $0.value { true } else { false } }
    }

    private func names(_ node: Node) -> [ExactText]? {
        guard let items = reader.items(node, "ImageNames") else { return nil }
        limit(items, to: ImageCriterionLimits.names, "names", node)
        return reader.exactList(node, "ImageNames") { reader.imageName($0, "ImageNames") }
    }

    private func productCodes(_ node: Node) -> [ExactText]? {
        guard let items = reader.items(node, "MarketplaceProductCodes") else { return nil }
        limit(items, to: ImageCriterionLimits.productCodes, "product codes", node)
        return reader.exactList(node, "MarketplaceProductCodes") {
            reader.productCode($0, "MarketplaceProductCodes", impact: Self.refused)
        }
    }

    private func days(_ entry: Node.Entry, _ key: String) -> Int? {
        guard let entries = reader.entries(entry.value, entry.key) else { return nil }
        for other in entries where other.key != key { unknown(other, [key]) }
        guard let value = entries.first(where: { $0.key == key })?.value else {
            if entries.isEmpty {
                reader.error(
                    entry.location,
                    "\(entry.key) has no \(key)",
                    instead: "{\"\(key)\": 300}",
                    impact: Self.refused
                )
            }
            return nil
        }
        return reader.integer(value, key, ImageCriterion.days)
    }

    private func limit(_ items: [Node], to most: Int, _ what: String, _ node: Node) {
        guard items.count > most else { return }
        reader.error(
            items[most].location,
            "\(items.count) \(what), and AWS takes \(most) at most",
            impact: Self.refused
        )
    }
}
