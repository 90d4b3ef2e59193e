import CCompression
import Foundation

/// Trail files as CloudTrail puts them into S3: a folder for each account, Region and day, gzip as AWS packs it.
final class TrailFiles {
    private let folder: String
    private let recordsPerFile: Int
    private var open: [Trail.Place: (buffer: ByteBuffer, records: Int)] = [:]
    private var files = 0
    private let compressor = libdeflate_alloc_compressor(6)

    init(folder: String, recordsPerFile: Int) {
        self.folder = folder
        self.recordsPerFile = recordsPerFile
    }

    deinit { libdeflate_free_compressor(compressor) }

    /// Writes so many records; returns the bytes before compression.
    func write(_ trail: inout Trail, _ records: Int) throws -> Int {
        let record = ByteBuffer()
        var total = 0
        for _ in 0..<records {
            record.removeAll()
            let place = trail.writeRecord(to: record)
            let buffer = open[place]?.buffer ?? ByteBuffer()
            var count = open[place]?.records ?? 0
            buffer.append(count == 0 ? #"{"Records":["# : ",")
            buffer.append(record.bytes)
            total += record.count
            count += 1
            open[place] = (buffer, count)
            if count == recordsPerFile { try close(place, trail.now) }
        }
        for place in open.keys.sorted(by: { ($0.account, $0.region) < ($1.account, $1.region) }) {
            try close(place, trail.now)
        }
        return total
    }

    private func close(_ place: Trail.Place, _ seconds: Int64) throws {
        guard let (buffer, records) = open[place], records > 0 else { return }
        buffer.append("]}")
        let bound = libdeflate_gzip_compress_bound(compressor, buffer.count)
        let packed = UnsafeMutableRawPointer.allocate(byteCount: bound, alignment: 16)
        defer { packed.deallocate() }
        let size = libdeflate_gzip_compress(compressor, buffer.bytes.baseAddress, buffer.count, packed, bound)
        let account = "\(Trail.firstAccount + UInt64(place.account))"
        let region = Words.regions[place.region]
        let date = ClockText.date(seconds / 86_400).split(separator: "-")
        let directory = "\(folder)/AWSLogs/\(account)/CloudTrail/\(region)/\(date.joined(separator: "/"))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let minute = "\(date.joined())T\(two(seconds / 3600 % 24))\(two(seconds / 60 % 60))Z"
        let number = String(files, radix: 16)
        let unique = String(repeating: "0", count: 16 - number.count) + number
        let name = "\(account)_CloudTrail_\(region)_\(minute)_\(unique).json.gz"
        try Data(bytesNoCopy: packed, count: size, deallocator: .none)
            .write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
        files += 1
        buffer.removeAll()
        open[place] = (buffer, 0)
    }
}
