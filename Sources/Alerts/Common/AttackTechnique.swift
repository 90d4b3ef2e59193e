/// A technique of MITRE ATT&CK as its matrix for enterprises names it, version 17.0.
struct AttackTechnique {
    static let version = "17.0"

    let id: String
    let name: String
    let tactic: Tactic

    /// What an adversary is after.
    enum Tactic: String, CaseIterable {
        case execution = "TA0002"
        case persistence = "TA0003"
        case defenseEvasion = "TA0005"
        case collection = "TA0009"
        case exfiltration = "TA0010"
        case impact = "TA0040"

        var id: String { rawValue }

        /// Its page.
        var page: String { "https://attack.mitre.org/tactics/\(id)/" }

        var name: String {
            switch self {
            case .execution: "Execution"
            case .persistence: "Persistence"
            case .defenseEvasion: "Defense Evasion"
            case .collection: "Collection"
            case .exfiltration: "Exfiltration"
            case .impact: "Impact"
            }
        }
    }

    private init(_ id: String, _ name: String, _ tactic: Tactic) {
        (self.id, self.name, self.tactic) = (id, name, tactic)
    }

    /// The technique with an id, `T1537` or `T1578.002`; nil where no rule names it.
    init?(id: String) {
        guard let known = Self.byID[id] else { return nil }
        self = known
    }

    /// Of a sub-technique, the technique that it belongs to.
    var parent: AttackTechnique? {
        id.firstIndex(of: ".").flatMap { AttackTechnique(id: String(id[..<$0])) }
    }

    /// The tactics of some techniques, each once.
    static func tactics(of techniques: [AttackTechnique]) -> [Tactic] {
        Tactic.allCases.filter { tactic in techniques.contains { $0.tactic == tactic } }
    }

    /// Its page.
    var page: String { "https://attack.mitre.org/techniques/\(id.replacing(".", with: "/"))/" }

    /// Those that rules name, and those that their sub-techniques belong to.
    static let all = [
        AttackTechnique("T1036", "Masquerading", .defenseEvasion),
        AttackTechnique("T1036.005", "Match Legitimate Resource Name or Location", .defenseEvasion),
        AttackTechnique("T1070", "Indicator Removal", .defenseEvasion),
        AttackTechnique("T1204", "User Execution", .execution),
        AttackTechnique("T1204.003", "Malicious Image", .execution),
        AttackTechnique("T1485", "Data Destruction", .impact),
        AttackTechnique("T1490", "Inhibit System Recovery", .impact),
        AttackTechnique("T1525", "Implant Internal Image", .persistence),
        AttackTechnique("T1530", "Data from Cloud Storage", .collection),
        AttackTechnique("T1537", "Transfer Data to Cloud Account", .exfiltration),
        AttackTechnique("T1562", "Impair Defenses", .defenseEvasion),
        AttackTechnique("T1562.001", "Disable or Modify Tools", .defenseEvasion),
        AttackTechnique("T1562.008", "Disable or Modify Cloud Logs", .defenseEvasion),
        AttackTechnique("T1578", "Modify Cloud Compute Infrastructure", .defenseEvasion),
        AttackTechnique("T1578.002", "Create Cloud Instance", .defenseEvasion),
    ]

    private static let byID = Dictionary(all.map { ($0.id, $0) }) { first, _ in first }
}
