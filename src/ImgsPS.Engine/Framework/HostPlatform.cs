using System;
using System.Runtime.InteropServices;
using ImgsPS.Platforms;

namespace ImgsPS.Platforms;

internal static partial class HostPlatform
{
    static partial void AskKernel(ref Version version)
    {
        var info = new NativeMethods.OsVersionInfo { Size = Marshal.SizeOf<NativeMethods.OsVersionInfo>() };
        if (NativeMethods.RtlGetVersion(ref info) == 0)
        {
            version = new Version(info.Major, info.Minor, info.Build);
        }
    }

    private static class NativeMethods
    {
        [DllImport("ntdll.dll", CharSet = CharSet.Unicode)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        internal static extern int RtlGetVersion(ref OsVersionInfo info);

        [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
        internal struct OsVersionInfo
        {
            public int Size;
            public int Major;
            public int Minor;
            public int Build;
            public int PlatformId;

            [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 128)]
            public string ServicePack;
        }
    }
}
