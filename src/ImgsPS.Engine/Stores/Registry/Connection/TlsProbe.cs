using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Finds out whether a server on this machine speaks TLS, by one greeting on a connection of its own, once for a host and a process (FF15).
/// Nothing of a certificate is looked at: that is the request's own business. Safe for any number of threads.
/// </summary>
internal static class TlsProbe
{
    /// <summary>How long a server on this machine may take for its first byte, at most; who is silent does not speak TLS.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private static readonly ConcurrentDictionary<string, Entry> Known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>True for a server that speaks TLS, false for one that does not; null when there is none.</summary>
    /// <param name="secure">Its address, with the port that TLS would have.</param>
    /// <param name="guard">Says which addresses may be connected to.</param>
    /// <param name="policy">Goes to the guard.</param>
    /// <param name="refresh">True to look again although it is known.</param>
    /// <param name="limits">The time for a connection.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The answer, and whether it was found out just now.</returns>
    /// <exception cref="RefusedAddressException">The name is of another machine.</exception>
    public static async Task<(bool? SpeaksTls, bool IsNew)> AskAsync(
        Uri secure, ConnectionGuard guard, ConnectionPolicy policy, bool refresh, RegistryLimits limits, CancellationToken cancellationToken)
    {
        var entry = Known.GetOrAdd(secure.Authority, _ => new Entry());
        await entry.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (entry.SpeaksTls is { } known && !refresh)
            {
                return (known, false);
            }

            entry.SpeaksTls = await GreetAsync(secure, guard, policy, limits, cancellationToken).ConfigureAwait(false);
            return (entry.SpeaksTls, true);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private static async Task<bool?> GreetAsync(
        Uri secure, ConnectionGuard guard, ConnectionPolicy policy, RegistryLimits limits, CancellationToken cancellationToken)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await guard.FindAsync(policy, secure.IdnHost, secure.Port, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            // The request itself says that nobody knows the name.
            return null;
        }

        foreach (var address in addresses)
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timer.CancelAfter(limits.Connect < Longest ? limits.Connect : Longest);

            // What waits on the socket ends with it, on either framework.
            using var ending = timer.Token.Register(socket.Dispose);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, secure.Port)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            try
            {
                using var stream = new NetworkStream(socket, ownsSocket: false);
                var hello = Hello(secure.IdnHost);
                await stream.WriteAsync(hello, 0, hello.Length, cancellationToken).ConfigureAwait(false);
                var answer = new byte[1];
                var read = await stream.ReadAsync(answer, 0, 1, cancellationToken).ConfigureAwait(false);

                // A record of TLS: handshake or alert (RFC 8446 5.1).
                return read == 1 && answer[0] is 0x16 or 0x15;
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException)
            {
                // It ended the connection, or was silent.
                cancellationToken.ThrowIfCancellationRequested();
                return false;
            }
        }

        return null;
    }

    /// <summary>
    /// A ClientHello of TLS 1.2 (RFC 5246 7.4.1.2), which every server of TLS answers, if only to refuse it. Its random bytes end a line and
    /// a head of HTTP, so that a server of that does not wait for more.
    /// </summary>
    private static byte[] Hello(string host)
    {
        var extensions = new List<byte>();
        void Extension(byte type, params byte[] content)
        {
            extensions.AddRange([0, type, (byte)(content.Length >> 8), (byte)content.Length]);
            extensions.AddRange(content);
        }

        if (!IPAddress.TryParse(host, out _) && host.Length < 250)
        {
            var name = Encoding.ASCII.GetBytes(host);
            Extension(0, [0, (byte)(name.Length + 3), 0, 0, (byte)name.Length, .. name]);
        }

        Extension(10, 0, 6, 0, 0x1D, 0, 0x17, 0, 0x18);
        Extension(11, 1, 0);
        Extension(13, 0, 16, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1);
        byte[] ciphers = [0xC0, 0x2B, 0xC0, 0x2F, 0xC0, 0x2C, 0xC0, 0x30, 0xCC, 0xA9, 0xCC, 0xA8, 0, 0x9C, 0, 0x9D, 0, 0x2F, 0, 0x35];
        var random = new byte[32];
        Encoding.ASCII.GetBytes("ImgsPS\r\n\r\n", 0, 10, random, 0);
        byte[] body =
        [
            3, 3, .. random, 0, 0, (byte)ciphers.Length, .. ciphers, 1, 0, (byte)(extensions.Count >> 8), (byte)extensions.Count, .. extensions,
        ];
        return
        [
            0x16, 3, 1, (byte)((body.Length + 4) >> 8), (byte)(body.Length + 4), 1, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body,
        ];
    }

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public bool? SpeaksTls { get; set; }
    }
}
