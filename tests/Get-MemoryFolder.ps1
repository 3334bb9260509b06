<#
.SYNOPSIS
Gives the folder for the temporary files of tests: in memory where Linux offers some with enough room, else the usual one.
.DESCRIPTION
What a store must bring to the disk, and in which order, is tested by the steps that it takes: a test that waits for the disk proves no
more.
Memory from which no program may be run is not taken, as tests make programs.
#>
$memory = '/dev/shm'
$mounts = @(if ([System.IO.File]::Exists('/proc/mounts')) { [System.IO.File]::ReadAllLines('/proc/mounts') })
$isThere = @($mounts -match " $memory tmpfs (?!\S*noexec)").Count -gt 0
if ($isThere -and [System.IO.DriveInfo]::new($memory).AvailableFreeSpace -gt 2GB) { $memory } else { [System.IO.Path]::GetTempPath() }
