import CloudTrail
import TestSupport

/// A made-up CloudTrail of an organisation: the same bytes for the same settings, record after record, without end.
///
/// Two records in a hundred are of watched calls (`WatchedEvent` says in which proportions). Event time moves on
/// at `recordsPerSecond`; a record is 0 to 15 s late, one in a thousand up to 10 minutes.
struct Trail {
    struct Settings {
        var seed: UInt64 = 1
        var accounts = 100
        /// In thousandths.
        var watched = 20
        var recordsPerSecond = 500.0
        /// 2026-03-01T00:00:00Z.
        var start: Int64 = 1_772_323_200
    }

    /// The number of the first account; the others follow it.
    static let firstAccount: UInt64 = 100_000_000_000
    /// Where the record last written belongs.
    struct Place: Hashable {
        var account: Int
        var region: Int
    }

    let settings: Settings
    private var random: SplitMix64
    private var clock = ClockText()
    private var accounts: [TrailAccount]
    private var watched: WatchedWriter
    private let calls = OrdinaryCall.all
    private let choice = WeightedChoice(OrdinaryCall.all.map(\.weight))
    private let regions = Words.regions.map { Array($0.utf8) }
    private var elapsed = 0.0

    init(_ settings: Settings) {
        self.settings = settings
        random = SplitMix64(seed: settings.seed)
        watched = WatchedWriter(&random)
        accounts = []
        for number in 0..<settings.accounts {
            accounts.append(TrailAccount(number: Self.firstAccount + UInt64(number), &random))
        }
    }

    /// What `aws ec2 describe-images` printed before the first record: AWS's images that everybody launches, and the
    /// accounts' own.
    func inventory() -> String {
        var images = watched.shared.enumerated().map { index, id in
            #"{"ImageId":"\#(String(decoding: id, as: UTF8.self))","OwnerId":"137112412989","#
                + #""ImageOwnerAlias":"amazon","Name":"al2023-ami-2023.6.\#(index)"}"#
        }
        for account in accounts {
            let owner = String(decoding: account.digits, as: UTF8.self)
            images += account.images.map { id in
                #"{"ImageId":"\#(String(decoding: id, as: UTF8.self))","OwnerId":"\#(owner)","Name":"web-2026.02","#
                    + #""Tags":[{"Key":"Role","Value":"golden"},{"Key":"CostCenter","Value":"4711"}]}"#
            }
        }
        return #"{"Images":[\#(images.joined(separator: ",\n"))]}"#
    }

    /// When the inventory was taken.
    var inventoryTime: EventTime { EventTime(seconds: settings.start - 3600) }

    /// What the inventory tells the engine.
    func inventoryRecords() throws -> [Record] {
        var text = inventory()
        return try text.withUTF8 {
            try InventoryReader.read(
                UnsafeRawBufferPointer($0),
                options: .init(account: nil, region: "us-east-1", time: inventoryTime)
            ).records
        }
    }

    /// Seconds of the epoch.
    var now: Int64 { settings.start + Int64(elapsed) }

    /// Writes the next record at the end of a buffer, with nothing behind it.
    mutating func writeRecord(to buffer: ByteBuffer) -> Place {
        elapsed += 1 / settings.recordsPerSecond
        let place = Place(account: random.skewed(accounts.count), region: random.skewed(regions.count))
        let lateness = random.isOne(in: 1000) ? random.below(600) : random.below(16)
        let caller = nextCaller(of: place.account)
        buffer.append(#"{"eventVersion":"1.11","#)
        buffer.append(caller.identity)
        let context = Template.Context(
            seconds: now - Int64(lateness),
            account: accounts[place.account].digits,
            region: regions[place.region],
            origin: caller.origin
        )
        if random.below(1000) < settings.watched {
            watched.write(
                context,
                in: &accounts[place.account],
                isFirst: place.account == 0,
                &random,
                &clock,
                to: buffer
            )
        } else {
            calls[choice.pick(&random)].template.write(context, &random, &clock, to: buffer)
        }
        return place
    }

    /// Up to 24 sessions an account are at work; one that is over makes room for the next.
    private mutating func nextCaller(of account: Int) -> Caller {
        let index = random.skewed(24)
        if index >= accounts[account].callers.count {
            let caller = Caller(account: accounts[account].digits, at: now, &random, &clock)
            accounts[account].callers.append(caller)
            return caller
        }
        let caller = accounts[account].callers[index]
        guard caller.end < now else { return caller }
        let next = Caller(account: accounts[account].digits, at: now, &random, &clock)
        accounts[account].callers[index] = next
        return next
    }
}
