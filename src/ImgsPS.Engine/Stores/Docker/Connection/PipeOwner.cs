using System;
using System.IO;
using System.IO.Pipes;
using System.Security.Principal;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Whose a named pipe is. While Docker does not run, any user of the machine can make a pipe of its name, and is asked in its place (SF14).
/// </summary>
internal static class PipeOwner
{
    private const string LocalSystem = "S-1-5-18";
    private const string Administrators = "S-1-5-32-544";

    /// <summary>The owner's name when it is nobody whom a password may go to; else null. Windows only.</summary>
    public static string? Stranger(NamedPipeClientStream pipe)
    {
#pragma warning disable CA1416 // Asked where there are such pipes.
        using var user = WindowsIdentity.GetCurrent();
        SecurityIdentifier? owner;
        try
        {
            owner = (SecurityIdentifier?)pipe.GetAccessControl().GetOwner(typeof(SecurityIdentifier));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException or InvalidOperationException or NotSupportedException)
        {
            return "somebody whom Windows does not name: " + e.Message;
        }

        return IsTrusted(owner?.Value, user.User?.Value) ? null : owner is null ? "nobody" : UserName.Of(owner);
#pragma warning restore CA1416
    }

    /// <summary>True for SYSTEM, the administrators and the user, by their SIDs.</summary>
    internal static bool IsTrusted(string? owner, string? user) =>
        owner is LocalSystem or Administrators || (owner is not null && owner == user);
}
