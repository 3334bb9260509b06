using System;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Threading;

namespace ImgsPS.Pipeline;

/// <summary>
/// The progress of one operation: a parent activity for each image, a child for each layer. <see cref="Update"/> may be called from any
/// thread and as often as one likes; <see cref="Show"/> and <see cref="Complete"/> write, on the pipeline thread. <see cref="WorkLine"/>
/// sees to it that this is at most five times a second.
/// </summary>
internal sealed class ProgressBoard
{
    /// <summary>Time between two updates on the screen.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private static int s_lastActivity;

    private readonly object _gate = new();
    private readonly string _verb;
    private readonly List<Activity> _activities = new();
    private readonly Dictionary<(string Image, string? Item), Activity> _index = new();

    /// <param name="verb">What is done to the image, as the activity's first word: <c>Pulling</c>.</param>
    public ProgressBoard(string verb) => _verb = verb;

    /// <summary>Takes a message of the engine.</summary>
    public void Update(TransferProgress progress)
    {
        lock (_gate)
        {
            if (progress.IsNote)
            {
                var note = Find("", progress.Item, null);
                note.Last = progress;
                note.Changed = true;
                return;
            }

            var image = Find(progress.Image, null, null);
            var activity = progress.Item is null ? image : Find(progress.Image, progress.Item, image);
            activity.Last = progress;
            activity.Changed = true;
            image.Changed = true;
        }
    }

    /// <summary>Writes what changed; false when nothing did.</summary>
    public bool Show(Cmdlet cmdlet)
    {
        var records = Changes();
        foreach (var record in records)
        {
            cmdlet.WriteProgress(record);
        }

        return records.Count > 0;
    }

    /// <summary>Takes every activity that was shown off the screen.</summary>
    public void Complete(Cmdlet cmdlet)
    {
        var records = new List<ProgressRecord>();
        lock (_gate)
        {
            for (var i = _activities.Count - 1; i >= 0; i--)
            {
                if (_activities[i].Shown)
                {
                    _activities[i].Shown = false;
                    records.Add(Record(_activities[i], ProgressRecordType.Completed));
                }
            }
        }

        try
        {
            foreach (var record in records)
            {
                cmdlet.WriteProgress(record);
            }
        }
        catch (Exception failure) when (failure is PipelineStoppedException or InvalidOperationException)
        {
            // A pipeline that is stopped, or has ended by a failure of another command, takes no more records; its host clears the progress
            // by itself.
        }
    }

    private List<ProgressRecord> Changes()
    {
        var records = new List<ProgressRecord>();
        lock (_gate)
        {
            foreach (var activity in _activities)
            {
                if (!activity.Changed)
                {
                    continue;
                }

                activity.Changed = false;
                var completed = activity.Last.Completed && (activity.Parent is not null || activity.Last.IsNote);
                if (!completed || activity.Shown)
                {
                    records.Add(Record(activity, completed ? ProgressRecordType.Completed : ProgressRecordType.Processing));
                }

                activity.Shown = !completed;
            }
        }

        return records;
    }

    private Activity Find(string image, string? item, Activity? parent)
    {
        if (!_index.TryGetValue((image, item), out var activity))
        {
            activity = new Activity(Interlocked.Increment(ref s_lastActivity), item ?? _verb + " " + image, parent);
            _index.Add((image, item), activity);
            _activities.Add(activity);
        }

        return activity;
    }

    private ProgressRecord Record(Activity activity, ProgressRecordType type)
    {
        var (current, total) = activity.Parent is null ? ImageBytes(activity) : (activity.Last.Current, activity.Last.Total);
        var status = string.IsNullOrEmpty(activity.Last.Status) ? _verb : activity.Last.Status;
        if (total > 0 && type == ProgressRecordType.Processing)
        {
            status = string.Format(CultureInfo.InvariantCulture, "{0} {1:0.0} of {2:0.0} MB", status, current / 1e6, total / 1e6);
        }

        return new ProgressRecord(activity.Id, activity.Name, status)
        {
            ParentActivityId = activity.Parent?.Id ?? -1,
            PercentComplete = total > 0 ? (int)Math.Max(0, Math.Min(100, current * 100 / total.Value)) : -1,
            RecordType = type,
        };
    }

    /// <summary>An image's bytes: as the engine tells them, else the sum of its layers.</summary>
    private (long Current, long? Total) ImageBytes(Activity image)
    {
        if (image.Last.Total > 0)
        {
            return (image.Last.Current, image.Last.Total);
        }

        long current = 0;
        long total = 0;
        foreach (var activity in _activities)
        {
            if (activity.Parent == image && activity.Last.Total is { } size)
            {
                total += size;
                current += activity.Last.Completed ? size : activity.Last.Current;
            }
        }

        return (current, total);
    }

    private sealed class Activity
    {
        public Activity(int id, string name, Activity? parent)
        {
            Id = id;
            Name = name;
            Parent = parent;
        }

        public int Id { get; }

        public string Name { get; }

        public Activity? Parent { get; }

        public TransferProgress Last { get; set; }

        public bool Changed { get; set; }

        public bool Shown { get; set; }
    }
}
