import CloudTrail

// A call that launches, or ends, many instances makes as many findings, and one message.

extension Alert {
    /// Instances that one message names at most: so many EC2 takes in one call.
    private static let instancesAtMost = 1000

    /// One message for several alerts that differ in the instance alone; of one it is that alert.
    private init?(of members: some Collection<Alert>) {
        guard let first = members.first else { return nil }
        self = members.count == 1 ? first : Alert(first, standingFor: Array(members))
    }

    private init(_ first: Alert, standingFor members: [Alert]) {
        var finding = first.finding
        finding.message = "\(members.count) instances alike, the first: \(finding.message)"
        finding.remediation = Self.remediation(of: members)
        alertID = first.alertID
        findingID = first.findingID
        revision = first.revision
        cause = first.cause
        policyHash = first.policyHash
        isRepublished = first.isRepublished
        replay = first.replay
        self.finding = finding
        instances = members
    }

    /// One command for all where they are terminated.
    private static func remediation(of members: [Alert]) -> [String] {
        var instances: [ResourceID] = []
        for member in members {
            let subject = member.finding.identity.subject
            guard subject.isLaunch, let instance = subject.id,
                case .line(let own) = LaunchRecord.termination(of: [instance], in: subject.scope.region),
                member.finding.remediation == [own]
            else { return members[0].finding.remediation }
            instances.append(instance)
        }
        let region = members[0].finding.identity.subject.scope.region
        guard case .line(let all) = LaunchRecord.termination(of: instances, in: region) else { return [] }
        return [all]
    }

    /// Two messages for the one that is too long; nil when it stands for one alert only.
    public var halves: (Alert, Alert)? {
        let middle = instances.count / 2
        guard middle > 0, let left = Alert(of: instances[..<middle]),
            let right = Alert(of: instances[middle...])
        else { return nil }
        return (left, right)
    }

    /// Puts those alerts together, among the ones from an index on, that say the same of several instances.
    ///
    /// They come in the place of the first about any instance; of one finding's alerts the order stays.
    static func group(_ alerts: inout [Alert], from start: Int) {
        guard alerts.count - start > 1 else { return }
        let launches = alerts[start...].filter(\.isAboutInstance)
        guard launches.count > 1 else { return }
        var groups = AlertGroups()
        for alert in launches { groups.add(alert, atMost: instancesAtMost) }
        guard groups.count < launches.count else { return }
        var grouped = groups.inOrder.compactMap { Alert(of: $0) }
        var result: [Alert] = []
        for alert in alerts[start...] {
            if alert.isAboutInstance {
                result += grouped
                grouped = []
            } else {
                result.append(alert)
            }
        }
        alerts.replaceSubrange(start..., with: result)
    }

    private var isAboutInstance: Bool { finding.identity.subject.isLaunch }
}

extension Subject {
    /// Whether findings about it are about a launch: there may be many of one call.
    fileprivate var isLaunch: Bool { kind == .launch || kind == .calledInstance }
}

/// Alerts about instances, those together that are alike.
private struct AlertGroups {
    /// What most alerts that are not alike differ in.
    private struct Key: Hashable {
        let round: Int
        let rule: String
        let status: FindingStatus
        let event: EventID
    }

    /// By how many alerts of the same finding came before: first an `open`, then its `resolved`.
    private var rounds: [[[Alert]]] = []
    private var placesByKey: [Key: [Int]] = [:]
    private var seen: [String: Int] = [:]

    var count: Int { rounds.reduce(0) { $0 + $1.count } }

    var inOrder: some Sequence<[Alert]> { rounds.joined() }

    mutating func add(_ alert: Alert, atMost limit: Int) {
        let round = seen[alert.findingID, default: 0]
        seen[alert.findingID] = round + 1
        if round == rounds.count { rounds.append([]) }
        let finding = alert.finding
        let key = Key(
            round: round,
            rule: finding.identity.rule,
            status: finding.status,
            event: finding.event.id
        )
        for scope in placesByKey[key, default: []]
        where rounds[round][scope].count < limit && rounds[round][scope][0].isAlike(alert) {
            return rounds[round][scope].append(alert)
        }
        placesByKey[key, default: []].append(rounds[round].count)
        rounds[round].append([alert])
    }
}

extension Alert {
    /// Whether two alerts differ in the instance alone, and in what says which alert of its finding each is.
    fileprivate func isAlike(_ other: Alert) -> Bool {
        let (left, right) = (finding, other.finding)
        return left.identity.rule == right.identity.rule
            && left.identity.subject.scope == right.identity.subject.scope
            && left.status == right.status && left.verdict == right.verdict
            && left.severity == right.severity && left.event == right.event && left.actor == right.actor
            && left.resolution == right.resolution && left.firstSeen == right.firstSeen
            && left.lastSeen == right.lastSeen && left.occurrences == right.occurrences
            && left.facts == right.facts && left.missing.hasSameBytes(as: right.missing)
            && left.clause.hasSameBytes(as: right.clause)
            && left.remediation.isEmpty == right.remediation.isEmpty && cause == other.cause
    }
}
