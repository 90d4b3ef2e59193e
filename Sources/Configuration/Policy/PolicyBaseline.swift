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
    }

    mutating func readDeclarativePolicies(_ top: Fields, into policy: inout Policy) {
        for node in top.items("declarative_policies") {
            guard let fields = reader.fields(node, "declarative_policies[]") else { continue }
            let targets = needed(fields, "targets", "[r-ab12]") ? fields.list("targets", reader.target) : []
            guard needed(fields, "file", "NAME.json"), let file = fields.text("file"),
                let root = fields.value("file", { includedJSON($0, $1, mending: mended) })
            else { continue }
            policy.declarativePolicies.append(
                Policy.DeclarativePolicy(
                    file: file,
                    content: DeclarativePolicyReader(reader: reader).read(root),
                    targets: targets.map { ExactText($0) },
                    id: fields.value("id", reader.policy).map { ExactText($0) }
                )
            )
            limitCharacters(of: root)
        }
        warnOfUnknownPlaces(policy, top)
    }

    /// What a list of providers should be, written as strings in { }.
    private func mended(_ fault: DocumentFault) -> String? {
        if fault.bareStrings.isEmpty { return nil }
        let isProviders = fault.bareStrings.contains { text in
            DeclarativePolicyGrammar.providerAliases.contains(text.replacing("-", with: "_"))
        }
        let values = fault.bareStrings.map {
            JSONText.string(isProviders ? DeclarativePolicyGrammar.mended(provider: $0) : $0)
        }
        return "{\"@@assign\": [\(values.joined(separator: ", "))]}"
    }

    /// AWS counts white space, unless the policy goes through its console.
    private func limitCharacters(of root: Node) {
        let most = DeclarativePolicyGrammar.maximumCharacters
        guard let count = characters(of: root.location.file), count > most else { return }
        let packed = JSONText.canonical(root).unicodeScalars.count
        if packed > most {
            reader.error(
                root.location,
                "the policy has \(packed) characters without white space, and AWS takes \(most) at most",
                instead: "its settings in two policies on the same target",
                impact: "AWS answers PolicyContentTooLong"
            )
        } else {
            reader.warn(
                root.location,
                "the policy has \(count) characters, and the AWS CLI and SDKs send at most \(most) with all white space",
                instead: "it without white space (\(packed) characters)"
            )
        }
    }

    /// Which accounts a policy on a unit reaches, only the units' places tell.
    private func warnOfUnknownPlaces(_ policy: Policy, _ top: Fields) {
        let units = Set(policy.declarativePolicies.flatMap(\.targets).filter { $0.string.hasPrefix("ou-") })
        let known = Set(policy.organization.parents.values)
        let unknown = units.subtracting(known).sorted()
        guard !unknown.isEmpty, let location = top.location(of: "declarative_policies") else { return }
        reader.warn(
            location,
            "nothing says which accounts are in \(unknown.joined(separator: ", "))",
            instead: "organization.parents: {\"111122223333\": \(unknown[0])}",
            impact: "only the accounts that MoveAccount events put there have this policy as their baseline"
        )
    }
}
