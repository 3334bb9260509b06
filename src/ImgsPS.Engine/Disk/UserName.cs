using System;
using System.Globalization;
using System.IO;
using System.Security.Principal;

namespace ImgsPS.Disk;

/// <summary>Names of users, for messages.</summary>
internal static class UserName
{
    /// <summary>The name of an account of Windows; its SID where there is none. Windows only.</summary>
    public static string Of(SecurityIdentifier user)
    {
#pragma warning disable CA1416 // Asked on Windows alone.
        try
        {
            return user.Translate(typeof(NTAccount)).Value;
        }
        catch (SystemException)
        {
            // A deleted account, or a domain that does not answer: the number says it too.
            return user.Value;
        }
#pragma warning restore CA1416
    }

    /// <summary>Number and name, <c>65534 (nobody)</c>; the number alone for users that are not in <c>/etc/passwd</c>.</summary>
    public static string Of(uint user)
    {
        var number = user.ToString(CultureInfo.InvariantCulture);
        try
        {
            foreach (var line in File.ReadLines("/etc/passwd"))
            {
                var words = line.Split(':');
                if (words.Length > 2 && words[2] == number)
                {
                    return $"{number} ({words[0]})";
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The number says it too.
        }

        return number;
    }
}
