using System;

namespace ImgsPS.Stores.Filtering;

/// <summary>
/// Reads dates and times as Go's time.Parse does with the layouts of RFC 3339 and their shorter forms: an hour may have one digit, a
/// fraction stands after the seconds whether the layout has one or not, a zone is <c>Z</c> or <c>±hh:mm</c>. One use, one text.
/// </summary>
internal sealed class GoTimeReader
{
    private const int NanosecondDigits = 9;
    private readonly string _text;
    private int _position;

    public GoTimeReader(string text) => _text = text;

    /// <summary>Nanoseconds of a decimal fraction's digits; those after the ninth are cut.</summary>
    public static int Nanoseconds(string digits)
    {
        var result = 0;
        for (var i = 0; i < NanosecondDigits; i++)
        {
            result = (result * 10) + (i < digits.Length ? digits[i] - '0' : 0);
        }

        return result;
    }

    /// <summary>Reads the whole text; false when it does not fit.</summary>
    /// <param name="clockParts">0 for a date alone, 1 to 3 for hour, minute, second after it.</param>
    /// <param name="zone">The offset that is meant; null when the text says it.</param>
    /// <param name="time">The moment.</param>
    public bool TryRead(int clockParts, TimeSpan? zone, out FilterTime time)
    {
        time = default;
        int hour = 0, minute = 0, second = 0, nanoseconds = 0;
        if (!TryDigits(4, out var year) || !TryMark('-') || !TryDigits(2, out var month) || !TryMark('-') || !TryDigits(2, out var day)
            || month is < 1 or > 12
            || day < 1 || day > DaysIn(year, month)
            || (clockParts >= 1 && !(TryMark('T') && TryHour(out hour)))
            || (clockParts >= 2 && !(TryMark(':') && TryDigits(2, out minute) && minute < 60))
            || (clockParts >= 3 && !(TryMark(':') && TryDigits(2, out second) && second < 60 && TryFraction(out nanoseconds))))
        {
            return false;
        }

        var offset = 0;
        if (zone is null && !TryZone(out offset))
        {
            return false;
        }

        var seconds = (((((DaysSinceEpoch(year, month, day) * 24) + hour) * 60) + minute) * 60) + second;
        time = new FilterTime(seconds - (zone is { } given ? (long)given.TotalSeconds : offset), nanoseconds);
        return _position == _text.Length;
    }

    private static int DaysIn(int year, int month) => month switch
    {
        2 => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    // DateTime has no year 0. Years are counted from March, so that the leap day is the last day of one.
    private static long DaysSinceEpoch(int year, int month, int day)
    {
        const int daysFromMarchOfYear0To1970 = 719468;
        var marchYear = month > 2 ? year : year - 1;
        var century = (marchYear >= 0 ? marchYear : marchYear - 399) / 400;
        var yearOfCentury = marchYear - (century * 400);
        var dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        return (century * 146097L) + (yearOfCentury * 365) + (yearOfCentury / 4) - (yearOfCentury / 100) +
            dayOfYear - daysFromMarchOfYear0To1970;
    }

    private bool TryMark(char mark)
    {
        var isThere = _position < _text.Length && _text[_position] == mark;
        _position += isThere ? 1 : 0;
        return isThere;
    }

    private bool TryDigits(int count, out int value)
    {
        value = 0;
        for (var end = _position + count; _position < end; _position++)
        {
            if (!IsDigit(_position))
            {
                return false;
            }

            value = (value * 10) + _text[_position] - '0';
        }

        return true;
    }

    private bool TryHour(out int hour) => TryDigits(IsDigit(_position + 1) ? 2 : 1, out hour) && hour < 24;

    private bool TryFraction(out int nanoseconds)
    {
        nanoseconds = 0;
        if (_position < _text.Length && _text[_position] is '.' or ',' && IsDigit(_position + 1))
        {
            var start = ++_position;
            while (IsDigit(_position))
            {
                _position++;
            }

            nanoseconds = Nanoseconds(_text.Substring(start, _position - start));
        }

        return true;
    }

    private bool TryZone(out int seconds)
    {
        seconds = 0;
        if (TryMark('Z'))
        {
            return true;
        }

        var isWest = _position < _text.Length && _text[_position] == '-';
        if (!TryMark(isWest ? '-' : '+') || !TryDigits(2, out var hours) || !TryMark(':') || !TryDigits(2, out var minutes)
            || hours > 24 || minutes > 60)
        {
            return false;
        }

        seconds = ((hours * 60) + minutes) * (isWest ? -60 : 60);
        return true;
    }

    private bool IsDigit(int position) => position < _text.Length && _text[position] is >= '0' and <= '9';
}
