import TestSupport

/// What happens to images and instances, in the proportions of an organisation that bakes its images nightly and
/// runs autoscaled fleets.
enum WatchedEvent: CaseIterable {
    case run, runFromTemplate, refusedRun, terminate, tagOther, untagOther, tagImage, untagImage
    case create, copy, register, deregister, share, shareAbroad, sharePublicly, unshare, deprecate
    case enableAllowed, disableAllowed, criteria, blockPublic

    /// In thousandths of the watched records.
    var weight: Double {
        switch self {
        case .run: 130
        case .runFromTemplate: 170
        case .refusedRun: 8
        case .terminate: 280
        case .tagOther: 270
        case .untagOther: 25
        case .tagImage: 25
        case .untagImage: 2
        case .create: 25
        case .copy: 20
        case .register: 5
        case .deregister: 18
        case .share: 12
        case .shareAbroad: 1
        case .sharePublicly: 0.3
        case .unshare: 3
        case .deprecate: 4
        case .enableAllowed, .criteria, .blockPublic: 0.5
        case .disableAllowed: 0.2
        }
    }
}

/// An account, with what lives in it.
struct TrailAccount {
    let digits: [UInt8]
    var callers: [Caller] = []
    var images: [[UInt8]] = []
    var instances: [[UInt8]] = []

    /// An account with images from before the trail begins.
    init(number: UInt64, _ random: inout SplitMix64) {
        digits = Array("\(number)".utf8)
        images = (0..<8).map { _ in WatchedWriter.id("ami-0", &random) }
    }
}

/// Writes the records of watched calls: launches are of images that exist, ends of instances that run.
struct WatchedWriter {
    private let choice = WeightedChoice(WatchedEvent.allCases.map(\.weight))
    /// Golden images of the first account and images of AWS, which everybody launches.
    private(set) var shared: [[UInt8]] = []
    private let item = ByteBuffer()

    init(_ random: inout SplitMix64) {
        for _ in 0..<60 { shared.append(Self.id("ami-0", &random)) }
    }

    static func id(_ prefix: StaticString, _ random: inout SplitMix64) -> [UInt8] {
        let buffer = ByteBuffer(capacity: 32)
        buffer.append(prefix)
        buffer.append(hex: random.next(), digits: 16)
        return Array(buffer.bytes)
    }

    /// Writes one record after its identity.
    mutating func write(
        _ context: Template.Context,
        in account: inout TrailAccount,
        isFirst: Bool,
        _ random: inout SplitMix64,
        _ clock: inout ClockText,
        to buffer: ByteBuffer
    ) {
        var context = context
        let event = WatchedEvent.allCases[choice.pick(&random)]
        let template: Template
        switch event {
        case .run, .runFromTemplate:
            let image = launchedImage(account, &random)
            context.arguments = [image, instances(of: image, context, &account, &random, &clock)]
            template = event == .run ? WatchedTemplates.runInstances : WatchedTemplates.runFromTemplate
        case .refusedRun:
            context.arguments = [launchedImage(account, &random)]
            template = WatchedTemplates.refusedRun
        case .terminate:
            context.arguments = [takeInstance(&account, &random)]
            template = WatchedTemplates.terminateInstances
        case .tagOther, .untagOther:
            context.arguments = [Self.id(random.isOne(in: 2) ? "eni-0" : "vol-0", &random)]
            template = event == .tagOther ? WatchedTemplates.createTags : WatchedTemplates.deleteTags
        case .create, .copy, .register:
            let source = event == .copy ? launchedImage(account, &random) : Self.id("i-0", &random)
            let image = Self.id("ami-0", &random)
            keep(image, in: &account, isFirst: isFirst, &random)
            context.arguments = [source, image]
            template =
                event == .create
                ? WatchedTemplates.createImage
                : event == .copy ? WatchedTemplates.copyImage : WatchedTemplates.registerImage
        case .share, .shareAbroad, .sharePublicly, .unshare:
            context.arguments = [ownImage(account, &random), grantee(event, &random)]
            template = event == .unshare ? WatchedTemplates.unshare : WatchedTemplates.share
        default:
            context.arguments = [ownImage(account, &random)]
            template = Self.simple(event)
        }
        template.write(context, &random, &clock, to: buffer)
    }

    /// Those that name one image at most.
    private static func simple(_ event: WatchedEvent) -> Template {
        switch event {
        case .untagImage: WatchedTemplates.deleteTags
        case .deregister: WatchedTemplates.deregisterImage
        case .deprecate: WatchedTemplates.deprecateImage
        case .enableAllowed: WatchedTemplates.enableAllowedImages
        case .disableAllowed: WatchedTemplates.disableAllowedImages
        case .criteria: WatchedTemplates.replaceCriteria
        case .blockPublic: WatchedTemplates.blockPublicAccess
        default: WatchedTemplates.approveImage
        }
    }

    private func grantee(_ event: WatchedEvent, _ random: inout SplitMix64) -> [UInt8] {
        switch event {
        case .sharePublicly: Array(#"{"group":"all"}"#.utf8)
        case .shareAbroad: Array(#"{"userId":"\#(900_000_000_000 + random.below(1000))"}"#.utf8)
        default: Array(#"{"userId":"\#(Trail.firstAccount + UInt64(random.below(16)))"}"#.utf8)
        }
    }

    // MARK: Images

    private func launchedImage(_ account: TrailAccount, _ random: inout SplitMix64) -> [UInt8] {
        random.isOne(in: 5) ? ownImage(account, &random) : shared[random.skewed(shared.count)]
    }

    private func ownImage(_ account: TrailAccount, _ random: inout SplitMix64) -> [UInt8] {
        account.images.isEmpty
            ? Self.id("ami-0", &random) : account.images[random.below(account.images.count)]
    }

    private mutating func keep(
        _ image: [UInt8],
        in account: inout TrailAccount,
        isFirst: Bool,
        _ random: inout SplitMix64
    ) {
        if account.images.count < 64 {
            account.images.append(image)
        } else {
            account.images[random.below(64)] = image
        }
        if isFirst { shared[random.below(20)] = image }
    }

    // MARK: Instances

    /// One in three launches starts several.
    private mutating func instances(
        of image: [UInt8],
        _ context: Template.Context,
        _ account: inout TrailAccount,
        _ random: inout SplitMix64,
        _ clock: inout ClockText
    ) -> [UInt8] {
        item.removeAll()
        var context = context
        for index in 0..<(random.isOne(in: 3) ? 2 + random.below(2) : 1) {
            let instance = Self.id("i-0", &random)
            if account.instances.count < 4096 { account.instances.append(instance) }
            if index > 0 { item.append(",") }
            context.arguments = [image, instance]
            WatchedTemplates.instance.write(context, &random, &clock, to: item)
        }
        return Array(item.bytes)
    }

    private func takeInstance(_ account: inout TrailAccount, _ random: inout SplitMix64) -> [UInt8] {
        guard !account.instances.isEmpty else { return Self.id("i-0", &random) }
        account.instances.swapAt(random.below(account.instances.count), account.instances.count - 1)
        return account.instances.removeLast()
    }
}
