import CloudTrail
import Detection

/// `images`.
extension PolicyReading {
    func readImages(_ top: Fields, into policy: inout Policy) {
        guard let fields = top.fields("images") else { return }
        policy.images.denied = fields.set("denied", reader.image)
        if let node = fields["max_age_days"] {
            policy.images.maximumAgeDays = reader.integer(node, "images.max_age_days", 1...36_500)
            warnOfNoEffect("images.max_age_days", node.location, "launch-from-stale-ami")
        }
        guard let approved = fields["approved"], let items = reader.items(approved, "images.approved") else {
            return
        }
        if items.isEmpty {
            reader.warn(
                approved.location,
                "images.approved is empty, so every launch is one from an unapproved image"
            )
        }
        policy.images.approved = items.compactMap(approvedImage)
        let byTag = items.first { node in
            if case .mapping(let entries) = node.value { return entries.contains { $0.key == "tags" } }
            return false
        }
        if let byTag, top["publishers"] == nil {
            reader.warn(
                byTag.location,
                "images are approved by tag, but no publishers are given: whoever can tag an image can approve it, "
                    + "and approval-tag-tampered is off",
                instead: "publishers: [\"arn:aws:iam::…:role/…\"]"
            )
        }
    }

    private func approvedImage(_ node: Node) -> Policy.ApprovedImage? {
        guard let fields = reader.fields(node, "images.approved[]") else { return nil }
        var entry = Policy.ApprovedImage()
        if hasPart(fields, "ids") { entry.ids = fields.set("ids", reader.image) }
        if hasPart(fields, "owners") { entry.owners = fields.set("owners", reader.owner) }
        if hasPart(fields, "names") {
            entry.names = fields.list("names", reader.imageName).map(Pattern.init)
        }
        entry.tags = fields.value("tags", tags)
        if ["ids", "owners", "names", "tags"].allSatisfy({ fields[$0] == nil }) {
            reader.error(
                node.location,
                "this entry of images.approved has no part",
                instead: "ids, owners, names or tags",
                impact: "it would approve every image"
            )
            return nil
        }
        if let names = fields.location(of: "names"), entry.owners == nil, entry.ids == nil, entry.tags == nil
        {
            reader.warn(
                names,
                "names without owners: anybody can publish an image under such a name",
                instead: "owners beside names"
            )
        }
        return entry
    }

    /// Whether there is a part that is a list; an empty one matches nothing, which nobody means.
    private func hasPart(_ fields: Fields, _ key: String) -> Bool {
        guard let node = fields[key] else { return false }
        if case .sequence(let items) = node.value, items.isEmpty {
            reader.warn(node.location, "images.approved: \(key) is empty, so this entry matches no image")
        }
        return true
    }

    /// Tags with their values.
    private func tags(_ node: Node, _ path: String) -> [ExactText: ExactText]? {
        guard let entries = reader.entries(node, path) else { return nil }
        var tags: [ExactText: ExactText] = [:]
        for entry in entries {
            guard let key = tagKey(entry.key, entry.location, path) else { continue }
            tags[key] = reader.text(entry.value, "\(path).\(key)", allowEmpty: true).map { ExactText($0) }
        }
        if entries.isEmpty {
            reader.error(node.location, "\(path) is empty", impact: "this part would match every image")
        }
        return tags
    }

    func tagKey(_ key: String, _ location: FileLocation, _ path: String) -> ExactText? {
        guard (1...128).contains(key.unicodeScalars.count) else {
            reader.error(
                location,
                "\(path): a tag's key has 1 to 128 characters, and this has \(key.unicodeScalars.count)"
            )
            return nil
        }
        return ExactText(key)
    }
}
