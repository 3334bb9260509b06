# Several references in one pipeline: pulled side by side, written in their order.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $layers = @{}
    $references = foreach ($i in 1..12) {
        $made = Add-TestImage $registry "team/app:v$i" @{ layers = @(@{ seed = 100 + $i; size = 3000 }) }
        $layers["v$i"] = $made.layers[0].digest
        "$address/team/app:v$i"
    }

    function Wait-Until([string] $What, [scriptblock] $Condition) {
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        while (-not (& $Condition)) {
            if ($watch.Elapsed.TotalSeconds -gt 60) { throw "Waited in vain for $What." }
            Start-Sleep -Milliseconds 20
        }
    }

    # The tags whose pull has begun, in that order.
    function Get-BegunTag {
        @(Get-TestRequest $registry | Where-Object { $_ -match '^(GET|HEAD) \S*/manifests/(v\d+)$' } |
            ForEach-Object { ($_ -split '/')[-1] } | Select-Object -Unique)
    }

    # A pull that runs has a lease in the store, and one that has ended has none.
    function Get-Lease([string] $In = $store) {
        @(Get-ChildItem -Path (Join-Path $In '.imgsps/leases') -File -Filter *.lock -ErrorAction Ignore)
    }

    # All has ended, and the next pull brings what was cancelled.
    function Assert-NothingIsLeft {
        Get-Lease | Should -BeNullOrEmpty -Because 'no pull may outlive its command'
        Test-ImageStore -Full -Quiet -ErrorAction Stop | Should -BeTrue
        Reset-TestRegistry $registry
        ($references | Invoke-ImagePull -ErrorAction Stop).Reference | Should -Be $references
        @(Test-ImageStore -Full -ErrorAction Stop) | Should -BeNullOrEmpty
    }

    # What ends with the reference that each record is about.
    function Get-Mark($Records) {
        foreach ($record in $Records) {
            if ($record -is [ImgsPS.Image]) { "image $($record.Tag)" }
            elseif ($record -is [System.Management.Automation.ErrorRecord]) { "error $(("$($record.TargetObject)" -split ':')[-1])" }
            elseif ("$record" -match '^Status: .*:(v\d+)$') { "status $($Matches[1])" }
        }
    }
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'Invoke-ImagePull of several references' {
    BeforeEach {
        $store = New-TestStore
        Reset-TestRegistry $registry
    }

    AfterEach {
        Remove-TestStore $store
    }

    Context 'side by side' {
        It 'pulls as many at once as -ThrottleLimit says (<Limit>), from the pipeline and from the command line' -ForEach @(
            @{ Limit = 8; Run = '$references | Invoke-ImagePull' }
            @{ Limit = 3; Run = '$references | Invoke-ImagePull -ThrottleLimit 3' }
            @{ Limit = 3; Run = 'Invoke-ImagePull $references -ThrottleLimit 3' }
        ) {
            Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/blobs/'; bytes = -1 }
            $run = Start-TestPipeline "`$references = '$($references -join "', '")'; $Run"
            try {
                Wait-Until 'the pulls to begin' { (Get-BegunTag).Count -ge $Limit }

                # None can end, so none more may begin.
                Start-Sleep -Milliseconds 500
                Get-BegunTag | Sort-Object | Should -Be (1..$Limit | ForEach-Object { "v$_" } | Sort-Object)
                Get-Lease | Should -HaveCount $Limit
            }
            finally {
                $run.PowerShell.Stop()
                $run.PowerShell.Dispose()
            }

            Assert-NothingIsLeft
        }

        It 'counts the pulls into all stores' {
            $stores = 'a', 'b', 'c' | ForEach-Object { Join-Path $store $_ }
            Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/blobs/'; bytes = -1 }
            $run = Start-TestPipeline "'$($references[0])', '$($references[1])' | Invoke-ImagePull -Store '$($stores -join "', '")' -ThrottleLimit 4"
            try {
                $leases = { @($stores | ForEach-Object { Get-Lease $_ }) }
                Wait-Until 'the pulls to begin' { (& $leases).Count -ge 4 }
                Start-Sleep -Milliseconds 500
                & $leases | Should -HaveCount 4
            }
            finally {
                $run.PowerShell.Stop()
                $run.PowerShell.Dispose()
            }
        }

        It 'pulls one after the other with -ThrottleLimit 1' {
            Add-TestFault $registry @{ action = 'delay'; match = '^GET .*/blobs/'; milliseconds = 50 }
            $pulled = $references[0..3] | Invoke-ImagePull -ThrottleLimit 1
            $pulled.Tag | Should -Be 'v1', 'v2', 'v3', 'v4'

            # Each tag is asked for when the layers of the one before are here.
            $tags = @{}
            foreach ($tag in $layers.Keys) { $tags[$layers[$tag]] = $tag }
            $order = Get-TestRequest $registry | ForEach-Object {
                $last = ($_ -split '/')[-1]
                if ($last -match '^v\d+$') { "tag $last" } elseif ($tags[$last]) { "layer $($tags[$last])" }
            } | Select-Object -Unique
            $order | Should -Be (1..4 | ForEach-Object { "tag v$_"; "layer v$_" })
        }

        It 'takes the same image twice' {
            ($references[0], $references[0], $references[1], $references[0] | Invoke-ImagePull).Tag | Should -Be 'v1', 'v1', 'v2', 'v1'
            $blobs = Get-TestRequest $registry | Where-Object { $_ -like 'GET */blobs/*' }
            $blobs | Select-Object -Unique | Should -HaveCount $blobs.Count
        }

        It 'shows the progress of all that run, and completes it' {
            # A job has a host that takes progress; a runspace made by hand has none.
            Add-TestFault $registry @{ action = 'slow'; match = '^GET .*/blobs/'; bytes = 2000 }
            $path = Get-TestModulePath
            $three = $references[0..2]
            $job = Start-Job { Import-Module $using:path; $env:IMGSPS_STORE = $using:store; $using:three | Invoke-ImagePull }
            $null = Wait-Job $job
            $records = @($job.ChildJobs[0].Progress | Where-Object { $_.Activity -notlike 'Preparing*' })
            Remove-Job $job
            $images = @($records | Where-Object ParentActivityId -EQ -1 | Group-Object ActivityId)
            $images | ForEach-Object { $_.Group[0].Activity } | Sort-Object | Should -Be ($three | ForEach-Object { "Pulling $_" })

            # Before the first of them is complete, all are shown.
            $complete = @($records | Where-Object { $_.ParentActivityId -eq -1 -and $_.RecordType -eq 'Completed' })[0]
            $before = $records[0..[array]::IndexOf($records, $complete)]
            @($before | Where-Object ParentActivityId -EQ -1 | ForEach-Object Activity | Select-Object -Unique) | Should -HaveCount 3
            foreach ($activity in $records | Group-Object ActivityId) { $activity.Group[-1].RecordType |
                Should -Be 'Completed' -Because $activity.Group[-1].Activity }
        }
    }

    Context 'the order' {
        It 'is that of the references, for images, messages and errors' {
            Add-TestFault $registry @{ action = 'delay'; match = '^(GET|HEAD) .*/manifests/v1$'; milliseconds = 800 }
            Add-TestFault $registry @{ action = 'delay'; match = '^(GET|HEAD) .*/manifests/(v4|none)$'; milliseconds = 300 }
            $given = $references[0], "$address/team/app:none", 'team/UPPER', $references[1], $references[3], $references[2]
            $records = & { $ErrorActionPreference = 'Continue'; $given | Invoke-ImagePull -Verbose } 2>&1 4>&1
            (Get-Mark $records) -join ', ' | Should -Be (@(
                'status v1', 'image v1', 'error none', 'error team/UPPER', 'status v2', 'image v2', 'status v4', 'image v4', 'status v3',
                    'image v3') -join ', ')

            # They did not wait for each other: the registry heard of all before the first one's layer was asked for.
            $log = Get-TestRequest $registry
            $before = $log[0..[array]::IndexOf($log, "GET /v2/team/app/blobs/$($layers['v1'])")]
            foreach ($tag in 'none', 'v2', 'v3', 'v4') { @($before -like "*/manifests/$tag") | Should -Not -BeNullOrEmpty -Because $tag }
        }

        It 'writes the first while the others run' {
            Add-TestFault $registry @{ action = 'stall'; match = '^(GET|HEAD) .*/manifests/v2$'; bytes = -1 }
            $run = Start-TestPipeline "'$($references[0..2] -join "', '")' | Invoke-ImagePull -Verbose"
            try {
                Wait-Until 'the first image' { $run.Output.Count -gt 0 }
                Wait-Until 'the third image' { Get-Image $references[2] -ErrorAction Ignore }
                $run.Output.Count | Should -Be 1 -Because 'the third waits for the second'
                $run.Output[0].Tag | Should -Be 'v1'
                $run.PowerShell.Streams.Verbose.Message | Should -Contain "Status: Downloaded newer image for $($references[0])"
                $run.PowerShell.Streams.Verbose.Message | Should -Not -Contain "Status: Downloaded newer image for $($references[2])"
            }
            finally {
                $run.PowerShell.Stop()
                $run.PowerShell.Dispose()
            }
        }

        It 'tells about a reference while it is pulled' {
            Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/blobs/'; bytes = 100 }
            $run = Start-TestPipeline "Invoke-ImagePull $($references[0]) -Verbose"
            try { Wait-Until 'the first message' { $run.PowerShell.Streams.Verbose.Message -like '*Pulling from team/app*' } }
            finally {
                $run.PowerShell.Stop()
                $run.PowerShell.Dispose()
            }
        }
    }

    Context 'the end' {
        It 'comes for all with the first error and -ErrorAction Stop; what was not begun is not' {
            Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/blobs/'; bytes = 100 }
            { @("$address/team/app:none"; $references) | Invoke-ImagePull -ErrorAction Stop } |
                Should -Throw -ErrorId 'ImageNotFound,ImgsPS.Cmdlets.InvokeImagePullCommand'
            Get-Lease | Should -BeNullOrEmpty
            Get-Image | Should -BeNullOrEmpty
            'v9' | Should -Not -BeIn (Get-BegunTag)
            Assert-NothingIsLeft
        }

        It 'comes with -ErrorAction Stop before the next is begun, with -ThrottleLimit 1' {
            { @("$address/team/app:none"; $references) | Invoke-ImagePull -ErrorAction Stop -ThrottleLimit 1 } |
                Should -Throw -ErrorId 'ImageNotFound,ImgsPS.Cmdlets.InvokeImagePullCommand'
            Get-BegunTag | Should -BeNullOrEmpty
            { @('team/UPPER'; $references) | Invoke-ImagePull -ErrorAction Stop } |
                Should -Throw -ErrorId 'InvalidReference,ImgsPS.Cmdlets.InvokeImagePullCommand'
            Get-BegunTag | Should -BeNullOrEmpty
        }

        It 'keeps what is here already' {
            Add-TestFault $registry @{ action = 'stall'; match = '^(GET|HEAD) .*/manifests/v3$'; bytes = -1 }
            $first = $references | Invoke-ImagePull | Select-Object -First 2
            $first.Tag | Should -Be 'v1', 'v2'
            Get-Lease | Should -BeNullOrEmpty
            (Get-Image).Tag | Should -Contain 'v1'
            (Get-Image).Tag | Should -Not -Contain 'v3'
            Assert-NothingIsLeft
        }

        It 'comes when what is before it in the pipeline fails' {
            Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/blobs/'; bytes = 100 }
            {
                & {
                    $references[0..2]
                    Wait-Until 'the pulls to begin' { (Get-BegunTag).Count -eq 3 -and (Get-Lease).Count -eq 3 }
                    throw 'no more'
                } | Invoke-ImagePull
            } | Should -Throw 'no more'
            Get-Lease | Should -BeNullOrEmpty
            Get-Image | Should -BeNullOrEmpty
            Assert-NothingIsLeft
        }

        It 'takes the progress off the screen when what is before it fails' {
            Add-TestFault $registry @{ action = 'slow'; match = "^GET .*/($($layers['v1'])|$($layers['v2']))"; bytes = 300 }
            $path = Get-TestModulePath
            $two = $references[0..1]
            $log = "http://$address/_test/requests"
            $job = Start-Job {
                Import-Module $using:path
                $env:IMGSPS_STORE = $using:store

                # The progress is shown when the next reference comes, which is refused at once.
                & {
                    $using:two
                    while (@(Invoke-RestMethod $using:log | ForEach-Object { $_ } | Where-Object path -Like '*/blobs/*').Count -lt 4) {
                        Start-Sleep -Milliseconds 50 }
                    Start-Sleep -Seconds 2
                    'team/UPPER'
                    throw 'no more'
                } | Invoke-ImagePull
            }
            $null = Wait-Job $job
            $records = @($job.ChildJobs[0].Progress | Where-Object { $_.Activity -notlike 'Preparing*' })
            Remove-Job $job
            $records | Should -Not -BeNullOrEmpty
            foreach ($activity in $records | Group-Object ActivityId) { $activity.Group[-1].RecordType |
                Should -Be 'Completed' -Because $activity.Group[-1].Activity }
            Get-Lease | Should -BeNullOrEmpty
        }

        It 'comes when what is behind it in the pipeline fails' {
            Add-TestFault $registry @{ action = 'stall'; match = '^(GET|HEAD) .*/manifests/v3$'; bytes = -1 }
            { $references | Invoke-ImagePull | ForEach-Object { throw "no $($_.Tag)" } } | Should -Throw 'no v1'
            Assert-NothingIsLeft
        }

        It 'comes in silence when the pipeline is stopped' {
            Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/blobs/'; bytes = 100 }
            $run = Start-TestPipeline "'$($references -join "', '")' | Invoke-ImagePull"
            Wait-Until 'the pulls to begin' { (Get-BegunTag).Count -eq 8 -and (Get-Lease).Count -eq 8 }
            $run.PowerShell.Stop()
            $run.PowerShell.InvocationStateInfo.State | Should -Be 'Stopped'
            $run.PowerShell.Streams.Error | Should -BeNullOrEmpty
            $run.Output | Should -BeNullOrEmpty
            $run.PowerShell.Dispose()
            Assert-NothingIsLeft
        }

        It 'comes when the pipeline is stopped while the command waits for its input' {
            Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/blobs/'; bytes = 100 }
            $run = Start-TestPipeline "& { '$($references[0])'; Start-Sleep -Seconds 600 } | Invoke-ImagePull"
            Wait-Until 'the pull to begin' { (Get-Lease).Count -eq 1 }
            $run.PowerShell.Stop()
            $run.PowerShell.InvocationStateInfo.State | Should -Be 'Stopped'
            $run.PowerShell.Dispose()
            Assert-NothingIsLeft
        }
    }

    Context 'beside other commands' {
        It 'lets the next command remove each image while the others are pulled' {
            $references | Invoke-ImagePull | Remove-Image -ErrorAction Stop
            Get-Image | Should -BeNullOrEmpty
            Test-ImageStore -Full -Quiet -ErrorAction Stop | Should -BeTrue
        }
    }
}
