using System;
using System.Globalization;
using System.IO;

namespace ImgsPS.Disk;

/// <summary>Names of users, for messages.</summary>
internal static class UserName
{
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
