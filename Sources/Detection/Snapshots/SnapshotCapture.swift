public import CloudTrail

/// Writes down what an engine knows, slice by slice, while the engine works on.
///
/// What it writes of one thing is how that stood at some moment after the capture began, so that the whole is no moment's
/// state. It becomes one when every entry of changelog and catalogue since the beginning is read on top of it: what has
/// changed meanwhile stands in those entries whole. Slices must be taken when nothing waits for a commit.
public struct SnapshotCapture {
    /// Tells which part of a snapshot something belongs to: an account's, or the catalogue's for nil.
    ///
    /// What belongs to none is left out.
    public typealias Sectioning = (AccountID?) -> Int32?

    private enum Stage: Int {
        case images, launches, keys, activity, findings, accounts, timers, waiting, over
    }

    private let section: Sectioning
    private let images: [ResourceID]
    private let keys: [FactKey]
    private let scopes: [AccountRegion]
    private let launchScopes: [AccountRegion]
    private let findings: [Subject]
    private let accounts: [AccountID]
    private var timers: [Subject] = []
    private var stage = Stage.images
    private var next = 0
    private var lastLaunch: Launch?
    private var sections: [Int32: SnapshotSection] = [:]

    /// What is in one section so far, for whoever makes room for it.
    public struct Counts: Hashable, Sendable, Codable {
        /// Images, other timelines, and findings, clocks and the like.
        public var images = 0, timelines = 0, others = 0

        /// Nothing yet.
        public init() {}
    }

    /// Lists what there is; the engine has just committed, and has no backlog.
    ///
    /// It takes about 0.1 s for a million images and instances.
    public init(of engine: Engine, section: @escaping Sectioning) {
        self.section = section
        let state = engine.state
        images = Array(state.images.keys)
        keys = Array(state.timelineKeys)
        scopes = Array(state.activity.keys)
        launchScopes = Array(state.indexes.launches.keys)
        findings = Array(state.findings.subjects)
        accounts = Array(state.clocks.keys)
    }

    /// Whether everything is written.
    public var isOver: Bool { stage == .over }

    /// What each section holds.
    public var counts: [Int32: Counts] { sections.mapValues(\.counts) }

    /// Writes about so many things down; hands over each piece of a section that is large enough, and at the end the rest.
    ///
    /// `waiting` are the subjects on which verdicts are put off: they are judged again in any case.
    public mutating func take(
        atMost count: Int,
        of engine: Engine,
        waiting: [Subject],
        _ body: (_ section: Int32, _ piece: UnsafeRawBufferPointer) -> Void
    ) {
        for _ in 0..<count where !isOver { step(engine, waiting) }
        for (number, section) in sections where isOver || section.bytes.count >= Self.pieceBytes {
            if section.bytes.count > 0 { body(number, section.bytes.bytes) }
            section.clear()
        }
    }

    private static let pieceBytes = 1 << 18

    private mutating func of(_ account: AccountID?) -> SnapshotSection? {
        guard let number = section(account) else { return nil }
        if let known = sections[number] { return known }
        let new = SnapshotSection()
        sections[number] = new
        return new
    }

    private mutating func advance(_ count: Int) {
        next += 1
        guard next >= count else { return }
        next = 0
        lastLaunch = nil
        stage = Stage(rawValue: stage.rawValue + 1) ?? .over
    }

    private mutating func step(_ engine: Engine, _ waiting: [Subject]) {
        let (state, index) = (engine.state, next)
        switch stage {
        case .images:
            defer { advance(images.count) }
            guard index < images.count, let known = state.image(images[index]) else { return }
            of(nil)?.image(images[index], known)
        case .launches: return launches(state)
        case .keys:
            defer { advance(keys.count) }
            guard index < keys.count else { return }
            let (key, facts) = (keys[index], state.timeline(keys[index]).facts)
            if key.attribute == .instance, facts.contains(where: { $0.value.isLaunch }) { return }
            of(key.account)?.timeline(key, facts)
        case .activity:
            defer { advance(scopes.count) }
            guard index < scopes.count, let log = state.activity[scopes[index]] else { return }
            of(scopes[index].account)?.activity(scopes[index], Array(log.all))
        case .findings:
            defer { advance(findings.count) }
            guard index < findings.count else { return }
            for published in state.findings.published(about: findings[index]) {
                of(findings[index].scope.account)?.finding(published, about: findings[index])
            }
        case .accounts:
            defer { advance(accounts.count) }
            guard index < accounts.count, let time = state.clocks[accounts[index]] else { return }
            of(accounts[index])?.clock(of: accounts[index], time, judgedBy: engine.judges.policy)
        case .timers:
            // Late, as what waits: some came meanwhile.
            if index == 0 { timers = engine.agenda.timers.subjects }
            defer { advance(timers.count) }
            guard index < timers.count else { return }
            let deadlines = engine.agenda.timers.deadlines(of: timers[index])
            if !deadlines.isEmpty { of(timers[index].scope.account)?.timers(timers[index], deadlines) }
        case .waiting:
            // The last of all: so that it has what began to wait meanwhile, too.
            guard !engine.hasBacklog else { return }
            for subject in waiting + engine.agenda.deferral.subjects + engine.unsettled {
                of(subject.scope.account)?.waiting(subject)
            }
            for subject in engine.agenda.deferral.longSubjects { of(subject.scope.account)?.long(subject) }
            advance(0)
        case .over: return
        }
    }

    /// Instances in the order of their launches, so that reading them back appends to the index.
    private mutating func launches(_ state: State) {
        guard next < launchScopes.count,
            let launch = state.indexes.launches[launchScopes[next]]?
                .first(after: lastLaunch, by: state.precedes)
        else {
            lastLaunch = nil
            return advance(launchScopes.count)
        }
        lastLaunch = launch
        guard let key = state.key(of: launch) else { return }
        of(launchScopes[next].account)?.instance(key, state.timeline(key).facts)
    }
}
