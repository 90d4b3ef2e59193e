/// What kind of thing a finding tells, in the taxonomy of AWS Security Hub: `namespace/category`.
enum FindingType {
    /// By the tactics of the rule's techniques, each once; a rule without any checks a configuration.
    static func all(_ alert: CommonAlert) -> [String] {
        var types: [String] = []
        for technique in alert.techniques {
            let type = type(technique.tactic)
            if !types.contains(type) { types.append(type) }
        }
        return types.isEmpty ? ["Software and Configuration Checks/AWS Security Best Practices"] : types
    }

    private static func type(_ tactic: AttackTechnique.Tactic) -> String {
        switch tactic {
        case .execution, .persistence, .defenseEvasion, .collection: "TTPs/\(tactic.name)"
        case .exfiltration: "Effects/Data Exfiltration"
        case .impact: "Effects/Data Destruction"
        }
    }
}
