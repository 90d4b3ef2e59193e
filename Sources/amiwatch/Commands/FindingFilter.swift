import CloudTrail
import Configuration
import Detection

/// Which alerts or findings are printed, or published again.
///
/// It changes nothing that is judged: the counts, the state and `--fail-on` are about all of them.
struct FindingFilter {
    private var rules: Set<String> = []
    private var accounts: Set<AccountID> = []
    private var resources: Set<ExactText> = []
    private var severities: Set<Severity> = []
    /// As it was given, for the summary; empty when everything is printed.
    private(set) var text = ""

    private static let rule = Option.value(
        "rule",
        "ID,...",
        "Only what these rules find",
        repeats: true
    )
    private static let account = Option.value("account", "ID,...", "… of these accounts", repeats: true)
    private static let resource = Option.value(
        "resource",
        "ID,...",
        "… about these images, instances or account/Region pairs",
        repeats: true
    )
    private static let severity = Option.value("severity", "WORD,...", "… of these severities", repeats: true)

    static let options = [rule, account, resource, severity]

    init(_ arguments: Arguments) throws {
        let known = RuleSet.all.rules.map(\.metadata.id).sorted()
        for id in Self.words(arguments, Self.rule) {
            guard known.contains(where: { $0.hasSameBytes(as: id) }) else {
                let nearest = NearestName.of(id, in: known).map { "; did you mean \($0)?" }
                throw UsageError("--rule \(id) is not a rule" + (nearest ?? "; 'amiwatch rules' lists them"))
            }
            rules.insert(id)
        }
        for id in Self.words(arguments, Self.account) {
            guard let account = AccountID(id) else {
                throw UsageError("--account \(id) is not a valid account id: write its 12 digits")
            }
            accounts.insert(account)
        }
        resources = Set(Self.words(arguments, Self.resource).map { ExactText($0) })
        for word in Self.words(arguments, Self.severity) {
            severities.insert(try ReplayOptions.severity(word, of: "severity"))
        }
        text = Self.options.filter(arguments.has).map {
            "--\($0.name) \(Self.words(arguments, $0).joined(separator: ","))"
        }.joined(separator: " ")
    }

    private static func words(_ arguments: Arguments, _ option: Option) -> [String] {
        arguments.all(option).flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
                String($0) ?? ""
            }
        }
    }

    func admits(_ finding: Finding) -> Bool {
        admits(finding.identity) && (severities.isEmpty || severities.contains(finding.severity))
    }

    func admits(_ kept: KeptFinding) -> Bool {
        admits(kept.identity) && (severities.isEmpty || severities.contains(kept.severity))
    }

    /// Whether a finding may be chosen, whatever its severity.
    func admits(_ identity: FindingIdentity) -> Bool {
        guard !text.isEmpty else { return true }
        let subject = identity.subject
        return (rules.isEmpty || rules.contains(identity.rule))
            && (accounts.isEmpty || accounts.contains(subject.scope.account))
            && (resources.isEmpty || resources.contains(ExactText(subject.resource.id)))
    }
}
