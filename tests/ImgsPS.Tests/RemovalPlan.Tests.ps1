# -WhatIf says what the run does (FF7): the same items, words, refusals and bytes, for one item and for many.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $base = @{ seed = 900; size = 5000 }
    $one = Add-TestImage $registry 'team/app:1' @{ layers = @($base; @{ seed = 901; size = 2000 }) }
    foreach ($tag in 'a', 'b', 'c') {
        $null = Invoke-TestRegistry $registry tags @{ repository = 'team/app'; tag = $tag; digest = $one.digest }
    }
    $null = Add-TestImage $registry 'other/app:1' @{ layers = @($base; @{ seed = 902; size = 3000 }) }
    $pinned = Add-TestImage $registry 'pin/app:1' @{ layers = @(@{ seed = 903; size = 700 }) }

    # What a plan or a removal says, but for whether it is one.
    function ConvertTo-Line($Removal) {
        $Removal | ForEach-Object { "$($_.Image): $($_.Untagged -join ',') $($_.Deleted -join ',') $($_.BytesFreed)" } }

    # Name, word and bytes of each line of -WhatIf.
    function ConvertTo-Word($Line) {
        $Line | ForEach-Object { if ($_ -match '"(Untag|Remove image)" on target "(\S+) .*frees (\d+) bytes"') {
                [pscustomobject]@{ Word = $Matches[1]; Name = $Matches[2]; Bytes = [long]$Matches[3] } } } }

    function Get-BlobByte { [long](Get-ChildItem -LiteralPath (Join-Path $store 'blobs') -File -Recurse | Measure-Object Length -Sum).Sum }
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'Remove-Image -WhatIf' {
    BeforeEach {
        $store = New-TestStore
        $null = '1', 'a', 'b', 'c' | ForEach-Object { "$address/team/app:$_" } | Invoke-ImagePull
        $null = Invoke-ImagePull "$address/other/app:1", "$address/pin/app@$($pinned.digest)"
        $null = Add-ImageTag "$address/team/app:1" mine:1
    }

    AfterEach {
        Remove-TestStore $store
    }

    It 'says untag for all names of an image but the last one (FF7)' {
        $lines = ConvertTo-Word (Get-WhatIfLine { Get-Image | Where-Object Id -EQ $one.id | Remove-Image -WhatIf })
        $lines | Should -HaveCount 5
        $lines.Word | Should -Be 'Untag', 'Untag', 'Untag', 'Untag', 'Remove image'
        $lines.Bytes[0..3] | Should -Be 0, 0, 0, 0
        $lines.Bytes[4] | Should -BeGreaterThan 2000
    }

    It 'says of <Form> what the run does, to the byte (FF7, DU3)' -ForEach @(
        @{ Form = 'all that is listed'; Given = { Get-Image }; Arguments = @{} }
        @{ Form = 'all with -IncludePinned'; Given = { Get-Image }; Arguments = @{ IncludePinned = $true } }
        @{ Form = 'names'; Arguments = @{}
            Given = { "$address/team/app:a", 'mine:1', 'nosuch', "$address/other/app:1", "$address/other/app:1" } }
        @{ Form = 'ids'; Given = { $one.id, "$address/other/app:1", $one.id.Substring(7, 12) }; Arguments = @{} }
        @{ Form = 'ids, forced'; Given = { $one.id, "$address/other/app:1", $one.id.Substring(7, 12) }; Arguments = @{ Force = $true } }
        @{ Form = 'a digest'; Arguments = @{}
            Given = { "$address/other/app@$((Get-Image "$address/other/app:1").Digest)", "$address/other/app:1" } }
        @{ Form = 'an image twice'; Given = { $row = Get-Image mine:1; $row, $row }; Arguments = @{} }
    ) {
        $items = @(. $Given)
        $quiet = @{ ErrorAction = 'SilentlyContinue'; WarningAction = 'Ignore' }
        $plan = @($items | Remove-Image @Arguments -WhatIf -PassThru -ErrorVariable planned @quiet)
        $lines = ConvertTo-Word (Get-WhatIfLine { $items | Remove-Image @Arguments -WhatIf @quiet })
        $before = Get-BlobByte
        $done = @($items | Remove-Image @Arguments -PassThru -ErrorVariable failed @quiet)
        $doable = @($plan | Where-Object { -not $_.Reason })
        ConvertTo-Line $doable | Should -Be (ConvertTo-Line $done)
        ($doable | Measure-Object BytesFreed -Sum).Sum | Should -Be ($before - (Get-BlobByte))
        $lines.Bytes | Should -Be $done.BytesFreed
        @($lines | Where-Object Word -EQ 'Remove image') | Should -HaveCount @($done | Where-Object { $_.Deleted }).Count
        @($planned | ForEach-Object { "$($_.FullyQualifiedErrorId) $_" }) |
            Should -Be @($failed | ForEach-Object { "$($_.FullyQualifiedErrorId) $_" })
    }

    It 'says the sum of a batch, which is what the run frees (DU3)' {
        $all = @(Get-Image | Remove-Image -IncludePinned -WhatIf 6>&1)
        $before = Get-BlobByte
        Get-Image | Remove-Image -IncludePinned
        Get-BlobByte | Should -Be 0
        "$all" | Should -Be "In all $before bytes would be freed."
        Get-Image | Remove-Image -WhatIf 6>&1 | Should -BeNullOrEmpty
    }

    It 'writes the plan as objects with -PassThru, with the reason of what is kept or refused' {
        $plan = @("$address/team/app:a", $one.id, 'nosuch' |
                Remove-Image -WhatIf -PassThru -ErrorAction SilentlyContinue -ErrorVariable failed)
        $plan | ForEach-Object { $_ | Should -BeOfType ImgsPS.ImageRemoval }
        $plan.Planned | Should -Be $true, $true, $true
        $plan.Image | Should -Be "$address/team/app:a", $one.id, 'nosuch'
        $plan[0].Reason | Should -BeNullOrEmpty
        $plan[0].Untagged | Should -Be "$address/team/app:a"
        $plan[1].Reason | Should -BeLike 'conflict: unable to delete * (must be forced)*'
        $plan[2].Reason | Should -Be 'No such image: nosuch:latest'
        $failed | Should -HaveCount 2
        $failed.FullyQualifiedErrorId | Should -Be 'ImageConflict,ImgsPS.Cmdlets.RemoveImageCommand',
            'ImageNotFound,ImgsPS.Cmdlets.RemoveImageCommand'
        $kept = Get-Image | Where-Object { -not $_.Tag } | Remove-Image -WhatIf -PassThru -WarningAction Ignore
        $kept.Reason | Should -Be 'it was pulled by digest'
        (Remove-Image "$address/team/app:a" -PassThru).Planned | Should -BeFalse
        @(Get-Image) | Should -HaveCount 6
    }

    It 'refuses an id with several names as the run does, until it is forced (D4, FF7)' {
        Get-WhatIfLine { Remove-Image $one.id -WhatIf -ErrorAction SilentlyContinue } | Should -BeNullOrEmpty
        { Remove-Image $one.id -WhatIf -ErrorAction Stop } | Should -Throw 'conflict: unable to delete*' -ErrorId 'ImageConflict,*'
        $lines = ConvertTo-Word (Get-WhatIfLine { Remove-Image $one.id -Force -WhatIf })
        $lines.Word | Should -Be 'Remove image'
    }

    It 'sees what goes before: the last name removes, and what is gone is not there' {
        $names = '1', 'a', 'b', 'c' | ForEach-Object { "$address/team/app:$_" }
        $lines = ConvertTo-Word (Get-WhatIfLine { @($names; $one.id) | Remove-Image -WhatIf -ErrorAction Stop })
        $lines.Word | Should -Be 'Untag', 'Untag', 'Untag', 'Untag', 'Remove image'
        Remove-Image 'mine:1', 'mine:1' -WhatIf -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed | Should -HaveCount 1
        Get-WhatIfLine { Remove-Image '*team/app*', mine* -WhatIf } | Should -HaveCount 5
    }

    It 'changes nothing at all (SF4)' {
        $files = { Get-ChildItem -LiteralPath $store -Recurse -Force |
                ForEach-Object { "$($_.FullName) $($_.Length) $($_.LastWriteTimeUtc.Ticks)" } }
        $before = & $files
        $null = Get-WhatIfLine { Get-Image | Remove-Image -IncludePinned -Force -WhatIf }
        & $files | Should -Be $before
    }

    It 'asks with the words of the plan (-Confirm)' {
        $text = Invoke-TestShell "Import-Module '$(Get-TestModulePath)'; `$env:IMGSPS_STORE = '$store'; Remove-Image mine:1 -Confirm"
        "$text" | Should -BeLike '*NonInteractive*'
        (Get-Image mine:1) | Should -Not -BeNullOrEmpty
    }
}
