import CloudTrail
import Configuration

/// Which partition an account's records lie on: what the producers of the field compute from the 12 digits.
struct Partitioner: Sendable {
    /// How the key's bytes become a number.
    enum Hash: Sendable {
        /// The Java client's and Kafka Connect's.
        case murmur2
        /// librdkafka's.
        case crc32
        /// FNV-1a of 32 bits, as librdkafka takes it.
        case fnv1a
    }

    let hash: Hash
    let count: Int32

    init(_ hash: Hash = .murmur2, count: Int) {
        self.hash = hash
        self.count = max(1, Int32(clamping: count))
    }

    /// The account's partition.
    func partition(of account: AccountID) -> Int32 {
        withUnsafeTemporaryAllocation(byteCount: AccountID.digitCount, alignment: 1) { digits in
            account.write(to: digits)
            return partition(of: UnsafeRawBufferPointer(digits))
        }
    }

    /// The partition of any key.
    func partition(of key: UnsafeRawBufferPointer) -> Int32 {
        switch hash {
        case .murmur2: Int32(bitPattern: Self.murmur2(key) & 0x7FFF_FFFF) % count
        case .crc32: Int32(truncatingIfNeeded: Self.crc32(key) % UInt32(count))
        case .fnv1a: Int32(bitPattern: Self.fnv1a(key) & 0x7FFF_FFFF) % count
        }
    }

    /// `org.apache.kafka.common.utils.Utils.murmur2`.
    static func murmur2(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let m: UInt32 = 0x5BD1_E995
        var hash: UInt32 = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.count)
        var offset = 0
        while offset + 4 <= bytes.count {
            var word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            word = word &* m
            word ^= word >> 24
            word = word &* m
            hash = hash &* m
            hash ^= word
            offset += 4
        }
        let rest = bytes.count - offset
        if rest > 2 { hash ^= UInt32(bytes[offset + 2]) << 16 }
        if rest > 1 { hash ^= UInt32(bytes[offset + 1]) << 8 }
        if rest > 0 {
            hash ^= UInt32(bytes[offset])
            hash = hash &* m
        }
        hash ^= hash >> 13
        hash = hash &* m
        hash ^= hash >> 15
        return hash
    }

    /// CRC-32 with the polynomial of zlib, bit by bit: keys are short and few.
    static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc = ~UInt32(0)
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 {
                let isOdd = crc & 1 == 1
                crc >>= 1
                if isOdd { crc ^= 0xEDB8_8320 }
            }
        }
        return ~crc
    }

    static func fnv1a(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        bytes.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }
}

extension Partitioner {
    /// Where the detector's records lie: as the input's producer put them, or as the intake does.
    init(_ input: RunConfiguration.Input, count: Int) {
        let hash: Hash =
            switch input.partitioner {
            case _ where !input.isKeyedByAccount: .murmur2
            case .murmur2, .murmur2Random, nil: .murmur2
            case .consistent, .consistentRandom: .crc32
            case .fnv1a, .fnv1aRandom: .fnv1a
            }
        self.init(hash, count: count)
    }
}
