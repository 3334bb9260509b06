using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

// What the tests use of .NET and neither .NET Framework nor the package Polyfill has, each as far as the tests need it.
namespace System.Runtime.InteropServices
{
    // A program on .NET Framework hears only of Ctrl+C.
    internal sealed class PosixSignalContext
    {
        public bool Cancel { get; set; }
    }

    internal sealed class PosixSignalRegistration : IDisposable
    {
        public static PosixSignalRegistration Create(PosixSignal signal, Action<PosixSignalContext> handler)
        {
            if (signal == PosixSignal.SIGINT)
            {
                Console.CancelKeyPress += (_, e) =>
                {
                    var context = new PosixSignalContext();
                    handler(context);
                    e.Cancel = context.Cancel;
                };
            }

            return new PosixSignalRegistration();
        }

        public void Dispose()
        {
        }
    }
}

namespace System.Net.Sockets
{
    // .NET Framework has no Unix sockets; mono's sockets take such an address.
    internal sealed class UnixDomainSocketEndPoint(string path) : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Unix;

        public override SocketAddress Serialize()
        {
            var bytes = Encoding.UTF8.GetBytes(path);
            var address = new SocketAddress(AddressFamily.Unix, 2 + bytes.Length + 1);
            for (var i = 0; i < bytes.Length; i++)
            {
                address[2 + i] = bytes[i];
            }

            return address;
        }

        public override EndPoint Create(SocketAddress socketAddress) => new UnixDomainSocketEndPoint(Encoding.UTF8.GetString(
            Enumerable.Range(2, Math.Max(0, socketAddress.Size - 2)).Select(i => socketAddress[i]).ToArray()).TrimEnd('\0'));

        public override string ToString() => path;
    }
}

namespace System.Net.Security
{
    internal sealed class SslServerAuthenticationOptions
    {
        public X509Certificate? ServerCertificate { get; init; }
    }
}

namespace System
{
    internal static class LibC
    {
        [DllImport("libc")]
        internal static extern uint geteuid();

        [DllImport("libc")]
        internal static extern int symlink(byte[] target, byte[] path);

        [DllImport("libc")]
        internal static extern IntPtr readlink(byte[] path, byte[] target, IntPtr size);
    }

    internal static class Shims
    {
        extension(Environment)
        {
            public static bool IsPrivilegedProcess => LibC.geteuid() == 0;

            public static long TickCount64 => Diagnostics.Stopwatch.GetTimestamp() / (Diagnostics.Stopwatch.Frequency / 1000);
        }

        extension(DateTimeOffset)
        {
            public static DateTimeOffset UnixEpoch => DateTimeOffset.FromUnixTimeSeconds(0);
        }

        extension(string text)
        {
            public string Replace(string old, string with, StringComparison comparison) => comparison == StringComparison.Ordinal
                ? text.Replace(old, with)
                : throw new NotSupportedException("Ordinal only.");
        }

        extension(File)
        {
            public static void CreateSymbolicLink(string path, string target)
            {
                if (LibC.symlink(Encoding.UTF8.GetBytes(target + "\0"), Encoding.UTF8.GetBytes(path + "\0")) != 0)
                {
                    throw new IOException(path);
                }
            }
        }

        extension(FileInfo file)
        {
            public string? LinkTarget
            {
                get
                {
                    var target = new byte[4096];
                    var length = (int)LibC.readlink(Encoding.UTF8.GetBytes(file.FullName + "\0"), target, (IntPtr)target.Length);
                    return length < 0 ? null : Encoding.UTF8.GetString(target, 0, length);
                }
            }
        }

        extension(Path)
        {
            public static bool IsPathFullyQualified(string path) => path == Path.GetFullPath(path);
        }

        extension(X509Certificate2 certificate)
        {
            public string ExportCertificatePem() => "-----BEGIN CERTIFICATE-----\n"
                + Convert.ToBase64String(certificate.RawData, Base64FormattingOptions.InsertLineBreaks).Replace("\r", "")
                + "\n-----END CERTIFICATE-----";
        }

        extension(TcpListener listener)
        {
            public async Task<TcpClient> AcceptTcpClientAsync(CancellationToken cancellationToken)
            {
                using (cancellationToken.Register(listener.Stop))
                {
                    return await listener.AcceptTcpClientAsync().ConfigureAwait(false);
                }
            }
        }

        extension(Socket socket)
        {
            public void Listen() => socket.Listen(int.MaxValue);

            public Task ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken) =>
                socket.ConnectAsync(address, port).WaitAsync(cancellationToken);

            public async Task<Socket> AcceptAsync(CancellationToken cancellationToken)
            {
                using (cancellationToken.Register(socket.Dispose))
                {
                    return await socket.AcceptAsync().ConfigureAwait(false);
                }
            }

            public Task<int> ReceiveAsync(byte[] buffer, SocketFlags flags, CancellationToken cancellationToken) =>
                socket.ReceiveAsync(new ArraySegment<byte>(buffer), flags).WaitAsync(cancellationToken);
        }

        extension(SslStream stream)
        {
            public Task AuthenticateAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancellationToken) =>
                stream.AuthenticateAsServerAsync(options.ServerCertificate!, false, SslProtocols.Tls12, false).WaitAsync(cancellationToken);
        }
    }
}
