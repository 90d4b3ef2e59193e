import CloudTrail
import Detection

/// `baseline`, `declarative_policies`, `iam_statements`.
extension PolicyReading {
    mutating func readBaseline(_ top: Fields, into policy: inout Policy) {
        if let baseline = top["baseline"].flatMap({ reader.fields($0, "baseline") }) {
            if let images = baseline["allowed_images"].flatMap({
                reader.fields($0, "baseline.allowed_images")
            }) {
                policy.baseline.allowedImagesState = images["state"].flatMap {
                    reader.word($0, "baseline.allowed_images.state", AllowedImagesState.self)
                }
                if let node = images["criteria_file"],
                    let root = includedJSON(node, "baseline.allowed_images.criteria_file")
                {
                    policy.baseline.imageCriteria = ImageCriteriaReader(reader: reader).read(root)
                }
            }
            policy.baseline.blockPublicAccess = baseline["block_public_access"].flatMap {
                reader.word($0, "baseline.block_public_access", BlockPublicAccessState.self)
            }
        }
        for node in items(top, "declarative_policies") {
            guard let fields = reader.fields(node, "declarative_policies[]") else { continue }
            includeObject(fields, "declarative_policies")
            guard let targets = needed(fields, "targets", "[r-ab12]") else { continue }
            _ = reader.list(targets, "declarative_policies.targets") {
                reader.target($0, "declarative_policies.targets")
            }
        }
        for node in items(top, "iam_statements") {
            guard let fields = reader.fields(node, "iam_statements[]") else { continue }
            includeObject(fields, "iam_statements")
        }
    }

    /// The items of a section that is accepted, but that no rule reads yet.
    private func items(_ top: Fields, _ section: String) -> [Node] {
        guard let node = top[section], let items = reader.items(node, section) else { return [] }
        if !items.isEmpty, let location = top.location(of: section) {
            reader.warn(
                location,
                "\(section) is accepted and validated, but this version judges nothing by it yet"
            )
        }
        return items
    }

    private mutating func includeObject(_ fields: Fields, _ section: String) {
        guard let file = needed(fields, "file", "NAME.json"), let root = includedJSON(file, "\(section).file")
        else {
            return
        }
        switch root.value {
        case .mapping: break
        case .sequence where section == "iam_statements": break
        default: reader.mismatch(root, "the document", "a JSON object", instead: nil)
        }
    }
}
