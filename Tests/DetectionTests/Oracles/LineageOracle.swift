import CloudTrail

@testable import Detection

/// Launches of images that descend from unapproved ones, as the sentences of the rule say: from the records alone, with
/// approval by id and owner.
struct LineageOracle {
    private let records: [Record]
    private let policy: Policy

    init(_ records: [Record], _ policy: Policy) {
        self.records = distinct(records).filter(\.succeeded).ordered { _ in (0, 0) }
        self.policy = policy
    }

    private struct Launch {
        let record: Record
        let image: ResourceID?
    }

    func findings() -> [Resource: FindingSketch] {
        var findings: [Resource: FindingSketch] = [:]
        for (id, launch) in launches() {
            guard let verdict = verdict(launch.image) else { continue }
            var finding: FindingSketch?
            let severity: Severity = verdict == .violation ? .medium : .low
            FindingSketch.occur(&finding, launch.record, severity, verdict)
            if isTerminated(id) { FindingSketch.resolve(&finding) }
            findings[Resource(type: .instance, id: id)] = finding
        }
        return findings
    }

    private func scope(_ record: Record, _ id: ResourceID) -> String {
        "\(AccountRegion(record.account, record.region)) \(id)"
    }

    /// The first launch of each instance: ids are not used again.
    private func launches() -> [String: Launch] {
        var launches: [String: Launch] = [:]
        for record in records {
            guard case .runInstances(let launch) = record.call else { continue }
            for instance in launch.instances {
                let id = scope(record, instance.id)
                launches[id] = launches[id] ?? Launch(record: record, image: instance.image)
            }
        }
        return launches
    }

    private func isTerminated(_ id: String) -> Bool {
        records.contains { record in
            guard case .terminateInstances(let ids) = record.call else { return false }
            return ids.contains { scope(record, $0) == id }
        }
    }

    // MARK: Where an image comes from

    private func verdict(_ image: ResourceID?) -> Verdict? {
        guard let image, !isAnsweredFor(image) else { return nil }
        var isUnknown = false
        var known: Set<ResourceID> = [image]
        var waiting = [image]
        while let next = waiting.popLast() {
            for parent in parents(of: next) where known.insert(parent).inserted {
                if isAnsweredFor(parent) { continue }
                waiting.append(parent)
                switch isApproved(parent) {
                case false?: return .violation
                case nil: isUnknown = true
                case true?: break
                }
            }
        }
        return isUnknown ? .undetermined : nil
    }

    private func parents(of image: ResourceID) -> Set<ResourceID> {
        var parents: Set<ResourceID> = []
        for record in records {
            guard case .createImage(let creation) = record.call, creation.image == image else { continue }
            switch creation.origin {
            case .copy(let source, _): parents.insert(source)
            case .instance(let instance):
                if let parent = launches()[scope(record, instance)]?.image { parents.insert(parent) }
            case .restored(_, let key):
                if let key, key.string.hasPrefix("ami-") {
                    parents.insert(ResourceID(String(key.string.dropLast(4))))
                }
            case .imported, .snapshots, nil: break
            }
        }
        return parents
    }

    /// The id of what an image was made from.
    private func source(_ creation: ImageCreation) -> String? {
        switch creation.origin {
        case .copy(let source, _): source.description
        case .instance(let instance): instance.description
        case .restored(_, let key?) where key.string.hasPrefix("ami-"): String(key.string.dropLast(4))
        case .restored, .imported, .snapshots, nil: nil
        }
    }

    private func isAnsweredFor(_ image: ResourceID) -> Bool {
        let id = ExactText("\(image)")
        if policy.images.denied.contains(id) { return false }
        let isNamed = policy.images.approved?.contains { $0.ids?.contains(id) == true } ?? false
        let isPublished = records.contains { record in
            guard case .createImage(let creation) = record.call, creation.image == image,
                source(creation) != nil, let maker = record.actor.principalARN
            else { return false }
            return policy.publishers?.contains { $0.matches(maker) } ?? false
        }
        return isNamed || isPublished
    }

    private func isApproved(_ image: ResourceID) -> Bool? {
        let id = ExactText("\(image)")
        if policy.images.denied.contains(id) { return false }
        var answer: Bool? = false
        for entry in policy.images.approved ?? [] {
            if entry.ids?.contains(id) == true { return true }
            guard let owners = entry.owners else { continue }
            guard let owner = owner(of: image) else {
                answer = nil
                continue
            }
            if owners.contains(ExactText("\(owner)")) { return true }
        }
        return answer
    }

    private func owner(of image: ResourceID) -> AccountID? {
        records.first { record in
            switch record.call {
            case .createImage(let creation): creation.image == image
            case .deregisterImage(let id, _): id == image
            default: false
            }
        }?.account
    }
}
