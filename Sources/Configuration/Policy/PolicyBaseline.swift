import CloudTrail
import Detection

/// `baseline`, `declarative_policies`.
extension PolicyReading {
    mutating func readBaseline(_ top: Fields, into policy: inout Policy) {
        if let baseline = top.fields("baseline") {
            if let images = baseline.fields("allowed_images") {
                policy.baseline.allowedImagesState = images.word("state", AllowedImagesState.self)
                if let root = images.value("criteria_file", { includedJSON($0, $1) }) {
                    policy.baseline.imageCriteria = ImageCriteriaReader(reader: reader).read(root)
                }
            }
            policy.baseline.blockPublicAccess = baseline.word(
                "block_public_access",
                BlockPublicAccessState.self
            )
        }
        for node in items(top, "declarative_policies") {
            guard let fields = reader.fields(node, "declarative_policies[]") else { continue }
            includeObject(fields)
            if needed(fields, "targets", "[r-ab12]") { _ = fields.list("targets", reader.target) }
        }
    }

    /// The items of a section that is accepted, but that no rule reads yet.
    private func items(_ top: Fields, _ section: String) -> [Node] {
        let items = top.items(section)
        if !items.isEmpty, let location = top.location(of: section) {
            reader.warn(
                location,
                "\(section) is accepted and validated, but this version judges nothing by it yet"
            )
        }
        return items
    }

    private mutating func includeObject(_ fields: Fields) {
        guard needed(fields, "file", "NAME.json"), let root = fields.value("file", { includedJSON($0, $1) })
        else { return }
        switch root.value {
        case .mapping: break
        default: reader.mismatch(root, "the document", "a JSON object", instead: nil)
        }
    }
}
