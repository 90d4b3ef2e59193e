import Glibc

/// Where a server listens: `127.0.0.1:9464`, `[::1]:9464`, `:9464` for every address of the machine.
package struct HTTPAddress: Hashable, Sendable {
    /// A name or an address; empty for every address of the machine.
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

    /// Reads `host:port`; nil when it is something else.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self.init(host: String(host), port: port)
    }

    /// Whether nobody outside this machine can connect: every address that the name has is a loopback address.
    package var isLoopback: Bool {
        guard !host.isEmpty, let found = try? addresses() else { return false }
        return !found.isEmpty && found.allSatisfy(\.isLoopback)
    }

    // MARK: Sockets

    /// An address as the kernel takes it.
    private struct SocketAddress {
        let family: Int32
        let bytes: [UInt8]

        var isLoopback: Bool {
            switch family {
            case AF_INET: bytes.count >= 5 && bytes[4] == 127
            case AF_INET6:
                bytes.count >= 24 && bytes[8..<23].allSatisfy { $0 == 0 } && bytes[23] == 1
            default: false
            }
        }
    }

    private func addresses() throws(HTTPServerError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let error = getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &list)
        guard error == 0 else { throw HTTPServerError("\(self): \(String(cString: gai_strerror(error)))") }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let info = next?.pointee {
            if let address = info.ai_addr {
                let bytes = UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen))
                found.append(SocketAddress(family: info.ai_family, bytes: Array(bytes)))
            }
            next = info.ai_next
        }
        return found
    }

    /// A socket that listens here.
    func listen() throws(HTTPServerError) -> Int32 {
        // Where there is IPv6, its socket takes both.
        let found = try addresses().sorted { $0.family == AF_INET6 && $1.family != AF_INET6 }
        var last = EADDRNOTAVAIL
        for address in found {
            let descriptor = socket(
                address.family,
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
                0
            )
            guard descriptor >= 0 else {
                last = errno
                continue
            }
            set(SOL_SOCKET, SO_REUSEADDR, 1, descriptor)
            if address.family == AF_INET6 {
                set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, host.isEmpty ? 0 : 1, descriptor)
            }
            let isBound = address.bytes.withUnsafeBytes { bytes in
                bytes.baseAddress.map {
                    bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) == 0
                } ?? false
            }
            if isBound, Glibc.listen(descriptor, 128) == 0 { return descriptor }
            last = errno
            close(descriptor)
        }
        throw HTTPServerError("\(self): \(String(cString: strerror(last)))")
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32, _ descriptor: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout.size(ofValue: value)))
    }

    /// The port that a socket listens on.
    static func port(of descriptor: Int32) -> UInt16 {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isKnown = withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.baseAddress.map {
                getsockname(descriptor, $0.assumingMemoryBound(to: sockaddr.self), &size) == 0
            } ?? false
        }
        guard isKnown else { return 0 }
        // In both families the port stands behind the family.
        return withUnsafeBytes(of: &storage) { UInt16($0[2]) << 8 | UInt16($0[3]) }
    }
}

extension HTTPAddress: CustomStringConvertible {
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
